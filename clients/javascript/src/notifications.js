/**
 * The events of the user's notifications: each once, in the order of the inbox's `rev`. A gap causes
 * a sync. The first sync only returns the current position; `GET /notifications` has older ones. An event may overtake
 * its answer.
 */
export class NotificationFeed {
  unread = null;
  #rev = null;
  #early = 0; // the highest rev of an event before the answer to the first sync
  #handlers;

  /** `handlers`: `tell(event, data)` and `missing()`. */
  constructor(handlers) {
    this.#handlers = handlers;
  }

  /** The position for `sync`. */
  get after() {
    return this.#rev === null ? undefined : String(this.#rev);
  }

  receive(data) {
    if (this.#rev === null) {
      this.#early = Math.max(this.#early, data.rev);
      return;
    }
    if (data.rev <= this.#rev) return; // already reported
    if (data.rev > this.#rev + 1) {
      this.#handlers.missing();
      return;
    }
    this.#rev = data.rev;
    this.unread = data.unreadCount;
    this.#handlers.tell("notification", data);
  }

  /** `after` is what the sync asked for: a server that is below it was restored from a backup. */
  synced(answer, after) {
    const { notificationsRev: rev, notificationsUnread, notificationsResync: resync } = answer;
    if (rev === undefined) return; // a site without notifications
    const first = this.#rev === null;
    const isOlder = rev < Number(after ?? 0);
    const moved = first || isOlder || rev > this.#rev;
    this.#rev = isOlder ? rev : Math.max(rev, this.#rev ?? 0);
    this.#count(notificationsUnread?.total ?? this.unread);
    if (first && this.#early > rev) this.#handlers.missing();
    if (first || !moved) return;
    if (resync) this.#handlers.tell("notifications_reset", { rev });
    else this.#tellMissed(answer, rev);
  }

  #count(unread) {
    if (unread === this.unread) return;
    this.unread = unread;
    this.#handlers.tell("unread_notifications", { unreadCount: unread });
  }

  #tellMissed({ notifications = [], notificationsDeleted = [] }, rev) {
    const unreadCount = this.unread;
    for (const notification of notifications) this.#handlers.tell("notification", { notification, rev, unreadCount });
    for (const id of notificationsDeleted) {
      this.#handlers.tell("notification", { notification: { id }, rev, unreadCount, deleted: true });
    }
  }
}
