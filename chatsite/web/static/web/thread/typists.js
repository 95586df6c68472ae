import { el } from "./dom.js";
import { gettext, interpolate, ngettext } from "./texts.js";

/** The text that says who is typing: one or two people by name. */
export function typingText(names) {
  if (names.length === 0) return "";
  if (names.length === 1) return interpolate(gettext("%(name)s is typing…"), { name: names[0] });
  const [one, two] = names;
  if (names.length === 2) return interpolate(gettext("%(one)s and %(two)s are typing…"), { one, two });
  const text = ngettext("%(count)s person is typing…", "%(count)s people are typing…", names.length);
  return interpolate(text, { count: names.length });
}

/** Who is typing in one conversation: people of the other side, and colleagues on our own. */
export class Typists {
  #view;
  #people;

  /** `people`: see `People`. */
  constructor(view, people) {
    this.#view = view;
    this.#people = people;
  }

  /** The names of the people who type on the other side. */
  get others() {
    return this.#names(false);
  }

  rows() {
    const sides = [
      { key: "typing-ours", kind: "typing", ours: true, names: this.#names(true) },
      { key: "typing", kind: "typing", ours: false, names: this.others },
    ];
    return sides.filter(({ names }) => names.length > 0);
  }

  #names(ours) {
    const people = this.#people;
    const ids = this.#view.snapshot.typing.filter((id) => id !== people.me.id && people.isOurs(id) === ours);
    return ids.map((id) => people.named(id) ?? (ours ? gettext("A colleague") : people.otherName));
  }
}

function dots() {
  return el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i"));
}

/** A colleague has a name here, as with a colleague's messages. */
export function drawTyping({ names, ours }, node) {
  const label = () => el("span", { class: ours ? "sender" : "visually-hidden" });
  const kind = ours ? "row row-typing is-ours" : "row row-typing";
  const row = node ?? el("div", { class: kind }, label(), el("div", { class: "bubble is-typing" }, dots()));
  row.firstChild.textContent = typingText(names);
  return row;
}
