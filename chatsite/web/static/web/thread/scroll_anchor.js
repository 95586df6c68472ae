/** Keeps what is looked at where it is, while nodes above and below come, go and change their height. */
export class ScrollAnchor {
  #scroller;
  #box;
  #atEnd;
  #held = [];
  #sizes;

  /** `atEnd()`: whether the end is in view, and is to stay there. */
  constructor(scroller, box, atEnd) {
    this.#scroller = scroller;
    this.#box = box;
    this.#atEnd = atEnd;
    // Late heights: a font, a turned phone, a card that learned more.
    this.#sizes = new ResizeObserver((entries) => {
      if (entries.some((entry) => entry.target === box)) this.#restore();
      this.note();
    });
    this.#sizes.observe(box);
    this.#sizes.observe(scroller);
  }

  keep(change) {
    const stays = this.#atEnd();
    if (!stays) this.note();
    change();
    if (stays) this.#scroller.scrollTop = 0;
    else this.#restore();
    this.note();
  }

  /** Remembers which messages are in view, and where. */
  note() {
    this.#held = [];
    if (this.#atEnd()) return;
    const { top, bottom } = this.#scroller.getBoundingClientRect();
    for (const node of this.#box.children) {
      if (!node.classList.contains("row-message")) continue;
      const place = node.getBoundingClientRect();
      if (place.bottom <= top) continue;
      if (place.top >= bottom) break;
      this.#held.push({ node, offset: place.top - top });
    }
  }

  /** The first message in view, and how far below the window's upper edge it begins; null at the end. */
  get first() {
    this.note();
    return this.#held[0] ?? null;
  }

  release() {
    this.#held = [];
  }

  /** Scrolls so that the node stands this far below the window's upper edge. */
  put(node, offset) {
    const { top } = this.#scroller.getBoundingClientRect();
    this.#scroller.scrollTop += node.getBoundingClientRect().top - top - offset;
    this.note();
  }

  destroy() {
    this.#sizes.disconnect();
  }

  #restore() {
    const held = this.#held.find(({ node }) => node.isConnected);
    if (!held) return;
    const { top } = this.#scroller.getBoundingClientRect();
    const moved = held.node.getBoundingClientRect().top - top - held.offset;
    if (Math.abs(moved) >= 1) this.#scroller.scrollTop += moved;
  }
}
