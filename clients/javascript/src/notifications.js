/**
 * The events of the user's notifications: each once, in the order of the inbox's `rev`. A gap causes
 * a sync. The first sync only returns the current position; `GET /notifications` has older ones. An event may overtake
 * its answer.
 */
export class NotificationFeed {
  unread;
  #rev = null;
  #early = 0; // the highest rev of an event before the answer to the first sync
  #handlers;
  #uncounted = new Set(); // the ids of those that were deleted or read: `unread` is without them

  /** `handlers`: `tell(event, data)` and `missing()`. `unread`: the count, if the page knows it. */
  constructor(handlers, unread = null) {
    this.#handlers = handlers;
    this.unread = unread;
  }

  /** The position for `sync`. */
  get after() {
    return this.#rev === null ? undefined : String(this.#rev);
  }

  isCounted(id) {
    return !this.#uncounted.has(id);
  }

  /** The server has deleted an unread notification. Its event comes before or after this. */
  deleted(id) {
    if (this.unread && this.isCounted(id)) this.count(this.unread - 1);
    this.#uncounted.add(id);
  }

  /** The server's answer has this count. */
  count(unread) {
    if (unread === this.unread) return;
    this.unread = unread;
    this.#handlers.tell("unread_notifications", { unreadCount: unread });
  }

  receive(data) {
    if (this.#rev === null) {
      this.#early = Math.max(this.#early, data.rev);
      return;
    }
    if (data.rev <= this.#rev) return; // already reported
    if (data.repeated || data.rev > this.#rev + 1) return this.expect(data.rev);
    this.#rev = data.rev;
    this.unread = data.unreadCount;
    this.#tell(data);
  }

  /** The inbox has reached this `rev`, as a heartbeat or a repeated event says. */
  expect(rev) {
    if (rev > (this.#rev ?? Infinity)) this.#handlers.missing();
  }

  /** `after` is what the sync asked for: a server that is below it was restored from a backup. */
  synced(answer, after) {
    const { notificationsRev: rev, notificationsUnread, notificationsResync: resync } = answer;
    if (rev === undefined) return; // a site without notifications
    const first = this.#rev === null;
    const isOlder = rev < Number(after ?? 0);
    const moved = first || isOlder || rev > this.#rev;
    this.#rev = isOlder ? rev : Math.max(rev, this.#rev ?? 0);
    if (rev === this.#rev) this.count(notificationsUnread?.total ?? this.unread); // else an event was faster
    if (first && this.#early > rev) this.#handlers.missing();
    if (first || !moved) return;
    if (resync) this.#handlers.tell("notifications_reset", { rev });
    else this.#tellMissed(answer, rev);
  }

  #tellMissed({ notifications = [], notificationsDeleted = [] }, rev) {
    const unreadCount = this.unread;
    for (const notification of notifications) this.#tell({ notification, rev, unreadCount });
    for (const id of notificationsDeleted) this.#tell({ notification: { id }, rev, unreadCount, deleted: true });
  }

  #tell(data) {
    const { notification, deleted } = data;
    if (deleted || notification?.readAt) this.#uncounted.add(notification.id);
    this.#handlers.tell("notification", data);
  }
}
