/** Keeps the visible messages in place while nodes above and below are added, removed, or change their height. */
export class ScrollAnchor {
  #scroller;
  #box;
  #atEnd;
  #visible = [];
  #sizes;

  /** `atEnd()`: whether the end is in view and must stay in view. */
  constructor(scroller, box, atEnd) {
    this.#scroller = scroller;
    this.#box = box;
    this.#atEnd = atEnd;
    // Heights change later: a font is loaded, a phone is turned, a card gets more data.
    this.#sizes = new ResizeObserver((entries) => {
      if (entries.some((entry) => entry.target === box)) this.#restore();
      this.record();
    });
    this.#sizes.observe(box);
    this.#sizes.observe(scroller);
  }

  preserve(change) {
    const stays = this.#atEnd();
    if (!stays) this.record();
    change();
    if (stays) this.#scroller.scrollTop = 0;
    else this.#restore();
    this.record();
  }

  /** Record which messages are in view, and their positions. */
  record() {
    this.#visible = [];
    if (this.#atEnd()) return;
    const { top, bottom } = this.#scroller.getBoundingClientRect();
    for (const node of this.#box.children) {
      if (!node.classList.contains("row-message")) continue;
      const place = node.getBoundingClientRect();
      if (place.bottom <= top) continue;
      if (place.top >= bottom) break;
      this.#visible.push({ node, offset: place.top - top });
    }
  }

  /** The first message in view, and its distance from the upper edge; null at the end. */
  get first() {
    this.record();
    return this.#visible[0] ?? null;
  }

  release() {
    this.#visible = [];
  }

  /** Scroll the node to this distance from the upper edge. */
  scrollNodeTo(node, offset) {
    const { top } = this.#scroller.getBoundingClientRect();
    this.#scroller.scrollTop += node.getBoundingClientRect().top - top - offset;
    this.record();
  }

  destroy() {
    this.#sizes.disconnect();
  }

  #restore() {
    const visible = this.#visible.find(({ node }) => node.isConnected);
    if (!visible) return;
    const { top } = this.#scroller.getBoundingClientRect();
    const moved = visible.node.getBoundingClientRect().top - top - visible.offset;
    if (Math.abs(moved) >= 1) this.#scroller.scrollTop += moved;
  }
}
