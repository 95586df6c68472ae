import { el } from "./dom.js";
import { isEmojiOnly, safeLink, webAddress } from "./links.js";
import { parseMessage } from "./message_format.js";
import { gettext } from "./texts.js";

const LONG = { characters: 1_500, lines: 24 };
const unfolded = new Set(); // ids of messages that the user has unfolded, so that a redraw keeps them unfolded

/** A message's text as an element, with its formatting and links. A long text is folded, with a button to unfold it. */
export function messageText(content, id) {
  const large = isEmojiOnly(content) ? " is-emoji" : "";
  const text = el("span", { class: `bubble-text${large}`, id }, ...nodesOf(parseMessage(content)));
  return isLong(content) ? folded(text) : [text];
}

function isLong(content) {
  return content.length > LONG.characters || content.split("\n").length > LONG.lines;
}

function folded(text) {
  const button = el("button", { type: "button", class: "text-button fold-button", tabindex: "-1", "aria-controls": text.id });
  const show = (isOpen) => {
    text.classList.toggle("is-folded", !isOpen);
    button.setAttribute("aria-expanded", String(isOpen));
    button.textContent = isOpen ? gettext("Show less") : gettext("Show more");
    if (isOpen) unfolded.add(text.id);
    else unfolded.delete(text.id);
  };
  button.addEventListener("click", () => show(text.classList.contains("is-folded")));
  show(unfolded.has(text.id));
  return [text, button];
}

function nodesOf(items) {
  return items.flatMap((item) => (typeof item === "string" ? [item] : shown(item)));
}

function shown([kind, ...inside]) {
  const [text] = inside;
  if (kind === "strong" || kind === "em") return [el(kind, {}, ...nodesOf(inside))];
  if (kind === "ul") return [el("ul", {}, ...inside.map(entry))];
  if (kind === "ol") return [el("ol", { start: text }, ...inside.slice(1).map(entry))];
  if (kind === "code") return [el("code", {}, text)];
  if (kind === "pre") return [el("pre", {}, el("code", {}, text))];
  if (kind === "mail") return [el("a", { class: "link", href: `mailto:${text}` }, text)];
  if (kind === "phone") return [el("a", { class: "link", href: `tel:${text.replace(/[^+0-9]/g, "")}` }, text)];
  return safeLink(webAddress(text), text);
}

function entry(items) {
  return el("li", {}, ...nodesOf(items));
}
