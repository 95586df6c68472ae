const STATUSES = ["sent", "delivered", "read"];
const KNOWN_EVENTS = new Set([
  "new_message",
  "message_edited",
  "message_deleted",
  "reactions_updated",
  "attachment_updated",
  "messages_delivered",
  "messages_read",
]);

/**
 * The stored messages of one conversation, in the order of `seq`: a part without gaps that ends at the newest, or
 * (`hasNewer`) somewhere before it. All changes up to `rev` have been applied. Messages are never changed in place, only replaced.
 *
 * Each change returns its effects: the events for listeners, if something really changed.
 */
export class Timeline {
  rev = 0;
  hasOlder = false;
  hasNewer = false;
  #conversationId;
  #byId = new Map();
  #ordered = [];

  constructor(conversationId) {
    this.#conversationId = conversationId;
  }

  get messages() {
    return this.#ordered;
  }

  get oldestSeq() {
    return this.#ordered[0]?.seq;
  }

  get newestSeq() {
    return this.#ordered.at(-1)?.seq ?? 0;
  }

  get(id) {
    return this.#byId.get(id);
  }

  /** Start again from a fetch. `rev` is from the conversation, which was fetched before its messages. */
  reset(messages, { rev, hasOlder }) {
    this.rev = rev;
    this.hasOlder = hasOlder;
    this.#ordered = withRevAtMost(messages, rev);
    this.#byId = new Map(this.#ordered.map((message) => [message.id, message]));
  }

  /** Add an older page; `rev` is from before the fetch. */
  prepend(messages, { rev, hasOlder }) {
    const fresh = withRevAtMost(messages, rev).filter((message) => !this.#byId.has(message.id));
    this.hasOlder = hasOlder;
    this.#ordered = [...fresh, ...this.#ordered];
    for (const message of fresh) this.#byId.set(message.id, message);
  }

  /** Add a newer page; `rev` is from before the fetch. */
  append(messages, { rev, hasNewer }) {
    const fresh = withRevAtMost(messages, rev).filter((message) => !this.#byId.has(message.id));
    this.hasNewer = hasNewer;
    this.#ordered = [...this.#ordered, ...fresh];
    for (const message of fresh) this.#byId.set(message.id, message);
  }

  /** Apply one live event. The caller ensures the order. */
  apply({ event, data }) {
    if (!KNOWN_EVENTS.has(event)) {
      if (data.message?.id && data.message.seq) this.#take(data.message);
      return [{ event, data }];
    }
    if (data.message) {
      // Also emit it, for listeners that show the message elsewhere, such as the quote of a reply.
      if (event !== "new_message" && this.#isOutside(data.message)) return [{ event, data }];
      return this.#effects([this.#take(data.message)]);
    }
    if (event === "reactions_updated") return this.#react(data) ? [{ event, data }] : [];
    if (event === "attachment_updated") return this.#renewAttachment(data) ? [{ event, data }] : [];
    const read = event === "messages_read";
    const stamp = { status: read ? "read" : "delivered", readAt: data.readAt, deliveredAt: data.deliveredAt };
    const changed = data.messageIds.filter((id) => this.#stamp(id, data.rev, stamp));
    return changed.length ? [{ event, data: { ...data, messageIds: changed } }] : [];
  }

  /** Apply the answer of a sync: messages with their latest state. New messages are reported first, in order. */
  catchUp(messages, rev) {
    this.rev = Math.max(this.rev, rev, ...messages.map((message) => message.rev));
    return this.#effects(messages.toSorted((a, b) => a.seq - b.seq).map((message) => this.#take(message)));
  }

  #take(message) {
    const held = this.#byId.get(message.id);
    if (!held) {
      // The page that loads it will have its latest state.
      if (this.#isOutside(message)) return null;
      this.#insert(message);
      return { before: null, after: message };
    }
    if (message.rev <= held.rev) return null;
    const after = { ...message, ...latest(held, message) };
    this.#replace(after);
    return { before: held, after };
  }

  #isOutside({ id, seq }) {
    if (this.#byId.has(id)) return false;
    return (this.hasOlder && seq < this.oldestSeq) || (this.hasNewer && seq > this.newestSeq);
  }

  #stamp(id, rev, { status, readAt, deliveredAt }) {
    const held = this.#byId.get(id);
    if (!held || held.rev >= rev) return false;
    const given = { status, readAt: readAt ?? null, deliveredAt: deliveredAt ?? readAt ?? null };
    this.#replace({ ...held, rev, ...latest(held, given) });
    return true;
  }

  #react({ messageId, rev, reactions }) {
    const held = this.#byId.get(messageId);
    if (!held || held.rev >= rev) return false;
    this.#replace({ ...held, rev, reactions });
    return true;
  }

  #renewAttachment({ messageId, rev, attachment }) {
    const held = this.#byId.get(messageId);
    if (!held || held.rev >= rev) return false;
    const attachments = (held.attachments ?? []).map((each) => (each.id === attachment.id ? attachment : each));
    this.#replace({ ...held, rev, attachments });
    return true;
  }

  #insert(message) {
    let place = this.#ordered.length;
    while (place > 0 && this.#ordered[place - 1].seq > message.seq) place -= 1;
    this.#ordered = this.#ordered.toSpliced(place, 0, message);
    this.#byId.set(message.id, message);
  }

  #replace(message) {
    const place = this.#ordered.findLastIndex((held) => held.id === message.id);
    this.#ordered = this.#ordered.with(place, message);
    this.#byId.set(message.id, message);
  }

  #effects(changes) {
    const real = changes.filter(Boolean);
    const of = (change) => ({ conversationId: this.#conversationId, rev: change.after.rev, message: change.after });
    const named = (event, test) => real.filter(test).map((change) => ({ event, data: of(change) }));
    const old = (test) => (change) => change.before && test(change.before, change.after);
    return [
      ...named("new_message", (change) => !change.before),
      ...named("message_edited", old((a, b) => a.editedAt !== b.editedAt && !b.deletedAt)),
      ...named("message_deleted", old((a, b) => !a.deletedAt && b.deletedAt)),
      ...this.#reactionEffects(real),
      ...this.#attachmentEffects(real),
      ...this.#receiptEffect("messages_delivered", real, "delivered"),
      ...this.#receiptEffect("messages_read", real, "read"),
    ];
  }

  #reactionEffects(changes) {
    const differ = (a, b) => JSON.stringify(a.reactions ?? []) !== JSON.stringify(b.reactions ?? []);
    return changes
      .filter(({ before, after }) => before && !after.deletedAt && differ(before, after))
      .map(({ after: { id, rev, reactions } }) => ({
        event: "reactions_updated",
        data: { conversationId: this.#conversationId, rev, messageId: id, reactions },
      }));
  }

  #attachmentEffects(changes) {
    const isNews = (before) => (given) => {
      const held = before.attachments?.find(({ id }) => id === given.id);
      return held && held.state !== given.state;
    };
    return changes
      .filter(({ before, after }) => before && !after.deletedAt)
      .flatMap(({ before, after: { id, rev, attachments = [] } }) =>
        attachments.filter(isNews(before)).map((attachment) => ({
          event: "attachment_updated",
          data: { conversationId: this.#conversationId, rev, messageId: id, attachment },
        })),
      );
  }

  /** Receipts found by a sync, which does not say who read. */
  #receiptEffect(event, changes, status) {
    const moved = changes.filter(({ before, after }) => before && before.status !== status && after.status === status);
    if (!moved.length) return [];
    const rev = Math.max(...moved.map(({ after }) => after.rev));
    const data = { conversationId: this.#conversationId, rev, messageIds: moved.map(({ after }) => after.id) };
    return [{ event, data: status === "read" ? { ...data, readBy: null } : data }];
  }
}

/**
 * Sort by `seq`. A page is read over REST a moment later than the `rev` that it is applied under, and a message
 * may have changed in between. So limit its own `rev` to that, and its event is not skipped.
 */
function withRevAtMost(messages, rev) {
  return messages
    .map((message) => ({ ...message, rev: Math.min(message.rev, rev) }))
    .toSorted((a, b) => a.seq - b.seq);
}

/** Status only moves forward, and the first time of each step stays. */
function latest(held, given) {
  const forward = STATUSES.indexOf(given.status) > STATUSES.indexOf(held.status);
  return {
    status: forward ? given.status : held.status,
    deliveredAt: held.deliveredAt ?? given.deliveredAt,
    readAt: held.readAt ?? given.readAt,
  };
}
