import { el } from "./dom.js";

const STAYS = 5_000; // milliseconds

/** A short word above the composer: what has been done, and a way to take it back. */
export class Note {
  element = el("div", { class: "thread-note", role: "status" });
  #timer = null;

  /** `action`: the words of a button that calls `run()`. */
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
