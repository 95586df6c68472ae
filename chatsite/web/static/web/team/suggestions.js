import { el } from "../thread/dom.js";

let lists = 0;

/**
 * A list of suggestions above a text field, in the combobox pattern: arrow keys choose, Enter or Tab accepts one, and
 * Escape closes. `draw(item)` returns the children of an option; `choose(item)` is called for the accepted one.
 */
export class Suggestions {
  #input;
  #list;
  #handlers;
  #items = [];
  #index = 0;

  constructor(form, label, handlers) {
    this.#input = form.querySelector("textarea");
    this.#handlers = handlers;
    lists += 1;
    const on = { mousedown: (event) => this.#onClick(event) };
    this.#list = el("ul", { class: "suggestions", id: `suggestions-${lists}`, role: "listbox", "aria-label": label, hidden: true, on });
    form.prepend(this.#list);
    this.#input.addEventListener("blur", () => this.close());
    // Before the composer's listener, so that Enter chooses and does not send.
    this.#input.addEventListener("keydown", (event) => this.#onKey(event), { capture: true });
  }

  show(items) {
    if (!items.length) return this.close();
    const isSame = !this.#list.hidden && idsOf(items) === idsOf(this.#items);
    this.#items = items;
    this.#list.replaceChildren(...items.map((item, index) => this.#option(item, index)));
    this.#list.hidden = false;
    this.#input.setAttribute("aria-controls", this.#list.id);
    this.#input.setAttribute("aria-autocomplete", "list");
    return this.#highlight(isSame ? this.#index : 0); // a late answer must not move what the arrow keys have chosen
  }

  close() {
    this.#list.hidden = true;
    this.#list.replaceChildren();
    for (const name of ["aria-controls", "aria-autocomplete", "aria-activedescendant"]) this.#input.removeAttribute(name);
    this.#handlers.closed?.();
  }

  #option(item, index) {
    const given = { class: "suggestion", id: `${this.#list.id}-${index}`, role: "option", "aria-selected": "false", "data-index": index };
    return el("li", given, ...this.#handlers.draw(item));
  }

  #highlight(index) {
    this.#index = (index + this.#items.length) % this.#items.length;
    for (const option of this.#list.children) option.setAttribute("aria-selected", String(Number(option.dataset.index) === this.#index));
    const option = this.#list.children[this.#index];
    option.scrollIntoView({ block: "nearest" });
    this.#input.setAttribute("aria-activedescendant", option.id);
  }

  #onKey(event) {
    if (this.#list.hidden || event.isComposing || event.keyCode === 229) return;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) this.#highlight(this.#index + steps[event.key]);
    else if (event.key === "Escape") this.close();
    else if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab") this.#handlers.choose(this.#items[this.#index]);
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  #onClick(event) {
    event.preventDefault(); // the field keeps the focus
    const option = event.target.closest("[data-index]");
    if (option) this.#handlers.choose(this.#items[Number(option.dataset.index)]);
  }
}

function idsOf(items) {
  return items.map(({ id }) => id).join();
}
