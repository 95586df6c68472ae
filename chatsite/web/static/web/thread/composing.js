import { el, icon, iconButton } from "./dom.js";
import { gettext, interpolate } from "./texts.js";

/** The bar above the field during an edit. */
export function editParts(title, content, cancel) {
  const text = el("span", { class: "composing-text", dir: "auto" }, content);
  return [icon("edit"), titleAndText(title, text), iconButton("close", gettext("Stop editing"), { on: { click: cancel } })];
}

/** The bar above the field during a reply. */
export function replyParts({ name, text, state }, cancel) {
  const said = state === "here" ? text : state === "loading" ? "…" : gettext("This message was deleted");
  const title = interpolate(gettext("Reply to %(name)s"), { name: name ?? "…" });
  const quote = el("span", { class: "composing-text", dir: "auto" }, said);
  return [icon("reply"), titleAndText(title, quote), iconButton("close", gettext("Cancel the reply"), { on: { click: cancel } })];
}

function titleAndText(title, text) {
  return el("span", { class: "composing-words" }, el("span", { class: "composing-title", dir: "auto" }, title), text);
}
