const MOST = 30; // conversations of which the page keeps what it has shown

/** What was last seen of the conversations that were open, for when they cannot be fetched. */
export class VisitedPanes {
  #kept = new Map(); // conversation id → {html, seed}; the one that was left last stands last

  /** `html`: the server's rendering of the conversation. */
  fetched(id, html) {
    this.#put(id, { html, seed: null });
  }

  /** `seed`: what the live view knows now, in the form of the page's own element of JSON. */
  left(id, seed) {
    const kept = this.#kept.get(id);
    if (kept) this.#put(id, { ...kept, seed });
  }

  /** The pane as an element, or null where it has never been open. */
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
