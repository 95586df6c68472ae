import { el } from "../thread/dom.js";
import { gettext } from "../thread/texts.js";
import { Suggestions } from "./suggestions.js";

const MENTION = /(^|\s)@([^@\n]{0,40})$/u; // the command before the cursor
const MOST = 8; // suggestions

/** Suggests colleagues while a member types `@` in a note. `colleagues()` returns `[{id, name}]`. */
export class Mentions {
  #composer;
  #input;
  #colleagues;
  #suggestions;

  constructor(composer, colleagues) {
    this.#composer = composer;
    this.#colleagues = colleagues;
    this.#input = composer.element.querySelector("textarea");
    this.#suggestions = new Suggestions(composer.element, gettext("Colleagues"), {
      draw: ({ name }) => [el("strong", { class: "suggestion-name" }, "@", el("bdi", {}, name))],
      choose: (colleague) => this.#choose(colleague),
    });
    this.#input.addEventListener("input", () => this.#onInput());
  }

  /** The ids of the people whom the text mentions. */
  idsIn(text) {
    return this.#colleagues().filter(({ name }) => isMentioned(text, name)).map(({ id }) => id);
  }

  get #typedName() {
    const { value, selectionStart, selectionEnd } = this.#input;
    if (selectionStart !== selectionEnd || !this.#composer.isNote) return null;
    return MENTION.exec(value.slice(0, selectionStart))?.[2] ?? null;
  }

  #onInput() {
    const written = this.#typedName?.toLocaleLowerCase();
    const matches = ({ name }) => name.toLocaleLowerCase().split(/\s+/).some((_, at, words) => words.slice(at).join(" ").startsWith(written));
    const found = written === undefined ? [] : this.#colleagues().filter(matches);
    this.#suggestions.show(found.slice(0, MOST));
  }

  #choose({ name }) {
    const end = this.#input.selectionStart;
    const start = end - (this.#typedName ?? "").length;
    this.#input.setRangeText(`${name} `, start, end, "end");
    this.#input.dispatchEvent(new Event("input", { bubbles: true }));
    this.#suggestions.close();
  }
}

function isMentioned(text, name) {
  const at = text.indexOf(`@${name}`);
  return at >= 0 && !/[\p{L}\p{N}]/u.test(text[at + name.length + 1] ?? "");
}
