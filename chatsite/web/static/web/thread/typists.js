import { el, hidden } from "./dom.js";
import { gettext, interpolate, ngettext } from "./texts.js";

/** Who is typing, in words: one or two by name. */
export function typingText(names) {
  if (names.length === 0) return "";
  if (names.length === 1) return interpolate(gettext("%(name)s is typing…"), { name: names[0] });
  const [one, two] = names;
  if (names.length === 2) return interpolate(gettext("%(one)s and %(two)s are typing…"), { one, two });
  const text = ngettext("%(count)s person is typing…", "%(count)s people are typing…", names.length);
  return interpolate(text, { count: names.length });
}

function dots() {
  return el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i"));
}

export function drawTyping({ names }, node) {
  const bubble = () => el("div", { class: "bubble is-typing" }, hidden(""), dots());
  const row = node ?? el("div", { class: "row row-typing" }, bubble());
  row.querySelector(".visually-hidden").textContent = typingText(names);
  return row;
}
