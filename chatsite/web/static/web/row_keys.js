/** Keyboard navigation in a list: one row is in the tab order, and arrow keys move from there. */
export class RowKeys {
  #rows;

  constructor(rows) {
    this.#rows = rows;
    rows.addEventListener("keydown", (event) => this.#onKey(event));
    rows.addEventListener("focusin", (event) => {
      const link = event.target.closest("[data-row]");
      if (link) this.#makeTabbable(link);
    });
    this.renew();
  }

  /** After each change, keep the chosen row in the tab order, or else the open one, or the first one. */
  renew() {
    const links = this.#links;
    const before = links.find((each) => each.tabIndex === 0 && each.dataset.roving);
    this.#makeTabbable(before ?? links.find((each) => each.hasAttribute("aria-current")) ?? links[0]);
  }

  get #links() {
    return [...this.#rows.querySelectorAll("[data-row]")];
  }

  #makeTabbable(chosen) {
    for (const each of this.#links) {
      each.tabIndex = each === chosen ? 0 : -1;
      if (each === chosen) each.dataset.roving = "1";
      else delete each.dataset.roving;
    }
  }

  #onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const links = this.#links;
    const at = links.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    links[to]?.focus();
  }
}
