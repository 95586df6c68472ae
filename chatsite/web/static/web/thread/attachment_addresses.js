const AGAIN = 5_000; // milliseconds in which a message is not fetched twice

/** The addresses of attachments. They expire, and the server gives fresh ones with the message. */
export class AttachmentAddresses {
  #rest;
  #fresh = new Map(); // message id → {at, message: promise}

  constructor(rest) {
    this.#rest = rest;
  }

  of(address) {
    return address && this.#rest.resolve(address);
  }

  /** The attachment with fresh addresses; null if it no longer exists or the server cannot be reached. */
  async renew(messageId, attachmentId) {
    const known = this.#fresh.get(messageId);
    const isFresh = known && Math.abs(Date.now() - known.at) < AGAIN;
    const entry = isFresh ? known : { at: Date.now(), message: this.#rest.get(`/chat/messages/${messageId}`) };
    this.#fresh.set(messageId, entry);
    try {
      const { attachments = [] } = await entry.message;
      return attachments.find(({ id }) => id === attachmentId) ?? null;
    } catch {
      return null; // the caller shows that the file is missing, and offers to try again
    }
  }
}
