import { el } from "./dom.js";
import { interpolate, ngettext } from "./texts.js";

const WARN = 200; // show the number of characters left from here on

/** Says below a text field how many characters are left, once they are few. */
export class CharactersLeft {
  element = el("p", { class: "left", role: "status" });
  #field;
  #limit;

  constructor(field, limit) {
    this.#field = field;
    this.#limit = limit;
  }

  get isOver() {
    return this.#count() < 0;
  }

  show() {
    const left = this.#count();
    this.element.textContent = left > WARN ? "" : textOf(left);
    this.element.classList.toggle("is-over", left < 0);
    if (left < 0) this.#field.setAttribute("aria-invalid", "true");
    else this.#field.removeAttribute("aria-invalid");
  }

  #count() {
    // The server counts code points, and JavaScript counts most emoji as two.
    const { value } = this.#field;
    return this.#limit - (value.length <= this.#limit - WARN ? value.length : [...value].length);
  }
}

function textOf(left) {
  if (left >= 0) {
    return interpolate(ngettext("%(count)s character left", "%(count)s characters left", left), { count: left });
  }
  const text = ngettext("%(count)s character too many", "%(count)s characters too many", -left);
  return interpolate(text, { count: -left });
}
