import { el } from "./dom.js";

const STAYS = 5_000; // milliseconds

/** A short text above the composer that says what was done, with a button to undo it. */
export class Note {
  element = el("div", { class: "thread-note", role: "status" });
  #timer = null;

  /** `action`: the text of a button that calls `run()`. */
  show(text, { action = "", run = null, stays = STAYS } = {}) {
    const click = () => {
      this.clear();
      run();
    };
    const button = action && el("button", { type: "button", class: "text-button", on: { click } }, action);
    this.element.replaceChildren(el("span", { dir: "auto" }, text), ...(button ? [button] : []));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.clear(), stays);
  }

  clear() {
    clearTimeout(this.#timer);
    this.element.replaceChildren();
  }
}
