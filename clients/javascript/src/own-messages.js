/** This user's messages in one conversation that the history does not have yet. */
export class OwnMessages {
  #conversationId;
  #host;
  #acked = new Map(); // stored messages whose event was not applied yet, by clientId

  /** `host`: outbox, me(). */
  constructor(conversationId, host) {
    this.#conversationId = conversationId;
    this.#host = host;
  }

  acked(message) {
    this.#acked.set(message.clientId, message);
  }

  /** These messages are in the history, so own ones among them need no further sends, with or without an ack. */
  settle(messages) {
    const me = this.#host.me();
    for (const message of messages) {
      if (!message.clientId || message.senderId !== me) continue;
      this.#acked.delete(message.clientId);
      this.#host.outbox.settle(message.clientId, message);
    }
  }

  /** Stored messages by `seq`, then pending ones in the order of writing. */
  mergeInto({ messages, hasOlder, oldestSeq }) {
    const loaded = (message) => !hasOlder || message.seq > oldestSeq;
    const early = [...this.#acked.values()].filter(loaded);
    const stored = early.length ? [...messages, ...early].sort((a, b) => a.seq - b.seq) : messages;
    const pending = this.#host.outbox.pendingIn(this.#conversationId).filter((entry) => !this.#acked.has(entry.clientId));
    return pending.length ? [...stored, ...pending] : stored;
  }
}
