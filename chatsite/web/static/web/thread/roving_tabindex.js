/**
 * Keyboard navigation among the messages: one is in the tab order, and arrow keys move from there. `handlers`: act(key, node),
 * edge("first" | "last") when Home or End needs messages that are not in the page, leave().
 */
export class RovingTabindex {
  #box;
  #handlers;
  #current = null;

  constructor(box, handlers) {
    this.#box = box;
    this.#handlers = handlers;
    box.addEventListener("keydown", (event) => this.#onKey(event));
    box.addEventListener("focusin", (event) => {
      const node = event.target.closest(".row-message");
      if (node) this.#makeTabbable(node);
    });
  }

  /** After each change, one message is in the tab order: the chosen one, or else the last one. */
  renew() {
    if (!this.#current?.isConnected) this.#makeTabbable(this.#all().at(-1) ?? null);
    else if (this.#current.dataset.chosen === undefined) this.#makeTabbable(this.#all().at(-1) ?? null);
  }

  focus(node) {
    if (!node) return;
    this.#makeTabbable(node);
    node.dataset.chosen = "";
    node.focus({ preventScroll: true });
    node.scrollIntoView({ block: "nearest" });
  }

  focusLast() {
    this.focus(this.#all().at(-1));
  }

  #all() {
    return [...this.#box.querySelectorAll(":scope > .row-message")];
  }

  #makeTabbable(node) {
    if (node === this.#current) return;
    if (this.#current) {
      this.#current.tabIndex = -1;
      delete this.#current.dataset.chosen;
    }
    this.#current = node;
    if (node) node.tabIndex = 0;
  }

  #onKey(event) {
    const node = event.target.closest(".row-message");
    if (!node || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("textarea, input")) return;
    const all = this.#all();
    const index = all.indexOf(node);
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step) this.focus(all[index + step]);
    else if (event.key === "Home") this.#handlers.edge("first");
    else if (event.key === "End") this.#handlers.edge("last");
    else if (event.key === "Escape") this.#handlers.leave();
    else if (event.target !== node || !this.#handlers.act(event.key, node, event)) return;
    event.preventDefault();
  }
}
