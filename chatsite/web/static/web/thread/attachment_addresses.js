const AGAIN = 5_000; // milliseconds in which one message is not asked for twice

/** The addresses of attachments. They end after a while, and the server gives fresh ones with the message. */
export class AttachmentAddresses {
  #rest;
  #fresh = new Map(); // message id → {at, message: promise}

  constructor(rest) {
    this.#rest = rest;
  }

  of(address) {
    return address && this.#rest.resolve(address);
  }

  /** The attachment with fresh addresses; null where it is gone, or the server cannot be reached. */
  async renew(messageId, attachmentId) {
    const known = this.#fresh.get(messageId);
    const isFresh = known && Date.now() - known.at < AGAIN;
    const entry = isFresh ? known : { at: Date.now(), message: this.#rest.get(`/chat/messages/${messageId}`) };
    this.#fresh.set(messageId, entry);
    try {
      const { attachments = [] } = await entry.message;
      return attachments.find(({ id }) => id === attachmentId) ?? null;
    } catch {
      return null; // whoever asked shows that it is not there, and lets people try again
    }
  }
}
