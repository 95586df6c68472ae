import { el } from "./dom.js";
import { gettext } from "./texts.js";

/** A modal dialog. Resolves with the value that it was closed with, or "" if it was cancelled. */
export function ask(host, title, body, buttons) {
  const id = `dialog-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  const foot = el("div", { class: "dialog-foot" }, ...buttons);
  const form = el("form", { method: "dialog", class: "dialog-form" }, el("h3", { id }, title), ...body, foot);
  const dialog = el("dialog", { class: "dialog", "aria-labelledby": id }, form);
  const before = document.activeElement;
  host.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("keydown", (event) => event.stopPropagation());
    dialog.addEventListener("pointerdown", (event) => event.target === dialog && dialog.close(""));
    dialog.addEventListener("close", () => {
      resolve({ value: dialog.returnValue, form });
      dialog.remove();
      if (before?.isConnected) before.focus({ preventScroll: true });
    });
    dialog.showModal();
  });
}

export function closing(label, value, kind = "", attributes = {}) {
  return el("button", { type: "submit", value, class: `button ${kind}`.trim(), ...attributes }, label);
}

/** It is no submit button: Enter in a field would press the first of those. */
export function cancelling(label) {
  return el("button", { type: "button", class: "button", on: { click: (event) => event.target.closest("dialog").close("") } }, label);
}

/** Ask for confirmation. */
export async function confirmed(host, { title, text, action, danger = false }) {
  const body = [el("p", { class: "dialog-text", dir: "auto" }, text)];
  const yes = closing(action, "yes", danger ? "is-danger" : "is-main");
  const { value } = await ask(host, title, body, [cancelling(gettext("Cancel")), yes]);
  return value === "yes";
}
