import { announce, make } from "./dom.js";

const STAYS = 7_000; // milliseconds
let shown = null;

/** For functions that take a place to show a text with an action. */
export const toasts = { show: (text, options) => toast(text, options) };

/** A short text at the bottom, with at most one action. `stays`: milliseconds. */
export function toast(text, { action = "", run = null, stays = STAYS } = {}) {
  shown?.remove();
  const children = [make("span", {}, text)];
  const element = make("div", { className: "toast" }, ...children);
  if (action) {
    const button = make("button", { type: "button", className: "button quiet" }, action);
    button.addEventListener("click", () => {
      element.remove();
      run();
    });
    element.append(button);
  }
  document.body.append(element);
  announce(text);
  shown = element;
  setTimeout(() => element.remove(), stays);
}
