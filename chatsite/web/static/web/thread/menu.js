import { el, icon } from "./dom.js";

/** The menu of one message's actions, opened by a button and worked by mouse, finger or keyboard. */
export class Menu {
  #host;
  #label;
  #element = null;
  #opener = null;
  #onAway = (event) => !this.#element?.contains(event.target) && this.close();

  /** `host` is the element that it is placed in, and that it must not leave. */
  constructor(host, label) {
    this.#host = host;
    this.#label = label;
  }

  get isOpen() {
    return this.#element !== null;
  }

  /** `items`: `{label, icon, act, danger?}`. `opener` gets the focus back. */
  open(items, opener, at = opener) {
    this.close();
    this.#opener = opener;
    const buttons = items.map((item) => this.#item(item));
    const on = { keydown: (event) => this.#onKey(event) };
    this.#element = el("div", { class: "menu", role: "menu", "aria-label": this.#label, on }, ...buttons);
    this.#host.append(this.#element);
    this.#put(at);
    buttons[0]?.focus();
    document.addEventListener("pointerdown", this.#onAway, true);
  }

  close({ focus = false } = {}) {
    if (!this.#element) return;
    document.removeEventListener("pointerdown", this.#onAway, true);
    this.#element.remove();
    this.#element = null;
    if (focus && this.#opener.isConnected) this.#opener.focus({ preventScroll: true });
  }

  #item({ label, icon: shape, act, danger }) {
    const click = () => {
      this.close({ focus: true });
      act();
    };
    const kind = danger ? "menu-item is-danger" : "menu-item";
    const given = { type: "button", role: "menuitem", tabindex: "-1", class: kind, on: { click } };
    return el("button", given, icon(shape), label);
  }

  #put(at) {
    const host = this.#host.getBoundingClientRect();
    const place = at.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.#element;
    const left = Math.min(Math.max(8, place.right - width - host.left), host.width - width - 8);
    const below = place.bottom - host.top + 4;
    const top = below + height < host.height - 8 ? below : Math.max(8, place.top - host.top - height - 4);
    this.#element.style.left = `${left}px`;
    this.#element.style.top = `${top}px`;
  }

  #onKey(event) {
    const items = [...this.#element.children];
    const index = items.indexOf(document.activeElement);
    const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) items[(to + items.length) % items.length].focus();
    else if (event.key === "Escape" || event.key === "Tab") this.close({ focus: true });
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
