import { el, icon } from "./dom.js";

/** The menu of actions for one message, for mouse, touch and keyboard. */
export class Menu {
  #host;
  #label;
  #element = null;
  #opener = null;
  #onAway = (event) => !this.#element?.contains(event.target) && this.close();

  /** `host` is the element that contains the menu. The menu stays within it. */
  constructor(host, label) {
    this.#host = host;
    this.#label = label;
  }

  get isOpen() {
    return this.#element !== null;
  }

  /**
   * `items`: `{label, icon, act, danger?}`; `quick`: `{label, text, act, checked}` for a row above them. `opener` gets
   * the focus back.
   */
  open(items, opener, at = opener, quick = []) {
    this.close();
    this.#opener = opener;
    const row = quick.length > 0 && el("div", { class: "menu-quick", role: "group" }, ...quick.map((one) => this.#quick(one)));
    const buttons = items.map((item) => this.#item(item));
    const on = { keydown: (event) => this.#onKey(event) };
    this.#element = el("div", { class: "menu", role: "menu", "aria-label": this.#label, on }, row, ...buttons);
    this.#host.append(this.#element);
    this.#put(at);
    this.#buttons[0]?.focus();
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

  #quick({ label, text, act, checked }) {
    const click = () => {
      this.close({ focus: true });
      act();
    };
    const given = { type: "button", role: "menuitemcheckbox", "aria-checked": String(checked), "aria-label": label };
    return el("button", { ...given, tabindex: "-1", class: "menu-quick-item", on: { click } }, text);
  }

  get #buttons() {
    return [...this.#element.querySelectorAll("button")];
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
    const items = this.#buttons;
    const index = items.indexOf(document.activeElement);
    const inRow = document.activeElement?.classList.contains("menu-quick-item");
    const after = inRow ? items.findIndex((item) => !item.classList.contains("menu-quick-item")) : index + 1;
    const steps = { ArrowDown: after, ArrowUp: index - 1, ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0 };
    const to = { ...steps, End: items.length - 1 }[event.key];
    if (to !== undefined) items[(to + items.length) % items.length].focus();
    else if (event.key === "Escape" || event.key === "Tab") this.close({ focus: true });
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
