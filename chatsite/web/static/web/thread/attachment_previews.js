const MOST = 60; // files of this page's own messages that stay at hand

/**
 * Files of our own as addresses. They are still shown when the message has been stored, until the server's picture is
 * there: by the message's `clientId` and the place of the file.
 */
export class Previews {
  #entries = new Map(); // "clientId:index" → {file, url, width, height}

  /** `{url, width, height}` of the file at this place; null where this page does not have it. */
  of({ clientId, attachments }, index) {
    if (!clientId) return null;
    const key = `${clientId}:${index}`;
    const { file, width, height } = attachments[index];
    const held = this.#entries.get(key);
    if (held || !file) return held ?? null;
    this.#make(key, { file, width, height });
    return this.#entries.get(key);
  }

  destroy() {
    for (const { url } of this.#entries.values()) URL.revokeObjectURL(url);
    this.#entries.clear();
  }

  #make(key, { file, width, height }) {
    this.#entries.set(key, { url: URL.createObjectURL(file), width, height });
    if (this.#entries.size <= MOST) return;
    const [oldest, { url }] = this.#entries.entries().next().value;
    URL.revokeObjectURL(url);
    this.#entries.delete(oldest);
  }
}
