const MOST = 60; // own files that this page keeps

/**
 * Object URLs of the user's own files. The view shows them until the server's thumbnail is ready, also after the message was
 * stored. The keys are the message's `clientId` and the position of the file.
 */
export class Previews {
  #entries = new Map(); // "clientId:index" → {file, url, width, height}

  /** `{url, width, height}` of the file at this position; null if this page does not have it. */
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
