import { el } from "../thread/dom.js";
import { gettext } from "../thread/texts.js";
import { onDemand } from "../thread/on_demand.js";
import { toasts } from "../toast.js";

const openSuggestions = onDemand(() => import("./suggestions.js"));
const MENTION = /(^|\s)@([^@\n]{0,40})$/u; // the command before the cursor
const MOST = 8; // suggestions

/** Suggests colleagues while a member types `@` in a note. `colleagues()` returns `[{id, name}]`. */
export class Mentions {
  #composer;
  #input;
  #colleagues;
  #suggestions = null;

  constructor(composer, colleagues) {
    this.#composer = composer;
    this.#colleagues = colleagues;
    this.#input = composer.element.querySelector("textarea");
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

  get #matches() {
    const written = this.#typedName?.toLocaleLowerCase();
    const matches = ({ name }) => name.toLocaleLowerCase().split(/\s+/).some((_, at, words) => words.slice(at).join(" ").startsWith(written));
    return written === undefined ? [] : this.#colleagues().filter(matches).slice(0, MOST);
  }

  async #onInput() {
    if (!this.#suggestions && !this.#matches.length) return;
    this.#suggestions ??= await this.#load();
    this.#suggestions.show(this.#matches);
  }

  async #load() {
    const { Suggestions } = await openSuggestions(toasts);
    return new Suggestions(this.#composer.element, gettext("Colleagues"), {
      draw: ({ name }) => [el("strong", { class: "suggestion-name" }, "@", el("bdi", {}, name))],
      choose: (colleague) => this.#choose(colleague),
    });
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
