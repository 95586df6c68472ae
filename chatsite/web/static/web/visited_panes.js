const MOST = 30; // conversations whose last content the page keeps

/** The last content of conversations that were open, for when they cannot be fetched. */
export class VisitedPanes {
  #kept = new Map(); // conversation id → {html, seed}; the most recent one is last

  /** `html`: the server's rendering of the conversation. */
  fetched(id, html) {
    this.#put(id, { html, seed: null });
  }

  /** `seed`: the live view's data, in the form of the page's JSON element. */
  left(id, seed) {
    const kept = this.#kept.get(id);
    if (kept) this.#put(id, { ...kept, seed });
  }

  /** The pane as an element, or null if it was never open. */
  paneOf(id) {
    const kept = this.#kept.get(id);
    if (!kept) return null;
    const pane = paneFrom(kept.html);
    const element = pane.querySelector("script.thread-seed");
    if (element && kept.seed) element.textContent = JSON.stringify(kept.seed);
    return pane;
  }

  #put(id, kept) {
    this.#kept.delete(id);
    this.#kept.set(id, kept);
    if (this.#kept.size > MOST) this.#kept.delete(this.#kept.keys().next().value);
  }
}

export function paneFrom(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  return document.importNode(holder.content.querySelector(".pane"), true);
}
