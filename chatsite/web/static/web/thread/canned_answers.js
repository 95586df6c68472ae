import { el } from "./dom.js";
import { gettext } from "./texts.js";

const COMMAND = /(^|\s)\/([^\s/]{0,40})$/u; // what is being written before the cursor
const PAUSE = 120; // milliseconds without a key before we ask
const PREVIEW = 120; // characters of a text
let lists = 0;

/**
 * Offers a team's canned answers while a member writes `/` and the beginning of a code or of a word, and puts the chosen
 * text in its place. `thread`: client, people, conversation, composer, complain(error).
 */
export class CannedAnswers {
  #thread;
  #input;
  #list;
  #answers = [];
  #at = 0;
  #timer = null;
  #asked = 0;

  constructor(thread) {
    this.#thread = thread;
    this.#input = thread.composer.element.querySelector("textarea");
    lists += 1;
    const on = { mousedown: (event) => this.#clicked(event) };
    this.#list = el("ul", { class: "canned", id: `canned-${lists}`, role: "listbox", "aria-label": gettext("Canned answers"), hidden: true, on });
    thread.composer.element.prepend(this.#list);
    this.#input.addEventListener("input", () => this.#typed());
    this.#input.addEventListener("blur", () => this.#close());
    // Before the composer: Enter chooses, and does not send.
    this.#input.addEventListener("keydown", (event) => this.#onKey(event), { capture: true });
  }

  get #command() {
    const { value, selectionStart, selectionEnd } = this.#input;
    if (selectionStart !== selectionEnd || this.#thread.people.side !== "business") return null;
    return COMMAND.exec(value.slice(0, selectionStart))?.[2] ?? null;
  }

  #typed() {
    clearTimeout(this.#timer);
    if (this.#command === null) return this.#close();
    this.#timer = setTimeout(() => this.#search(), PAUSE);
    return undefined;
  }

  async #search() {
    const q = this.#command;
    if (q === null) return this.#close();
    const { client, conversation } = this.#thread;
    const asked = ++this.#asked;
    try {
      const { results } = await client.rest.get("/team/canned-answers", { businessId: conversation.businessId, q, limit: 20 });
      if (asked === this.#asked && this.#command !== null) this.#show(results);
    } catch {
      this.#close(); // whoever is offline writes on
    }
    return undefined;
  }

  #show(answers) {
    this.#answers = answers;
    this.#at = 0;
    if (!answers.length) return this.#close();
    this.#list.replaceChildren(...answers.map((answer, index) => this.#option(answer, index)));
    this.#list.hidden = false;
    this.#input.setAttribute("aria-controls", this.#list.id);
    this.#input.setAttribute("aria-autocomplete", "list");
    return this.#mark(0);
  }

  #option({ code, text }, index) {
    const id = `${this.#list.id}-${index}`;
    const preview = [...text].slice(0, PREVIEW).join("");
    return el(
      "li",
      { class: "canned-answer", id, role: "option", "aria-selected": "false", "data-index": index },
      el("strong", { class: "canned-code" }, `/${code}`),
      el("span", { class: "canned-text", dir: "auto" }, preview),
    );
  }

  #mark(index) {
    this.#at = (index + this.#answers.length) % this.#answers.length;
    for (const option of this.#list.children) option.setAttribute("aria-selected", String(Number(option.dataset.index) === this.#at));
    const option = this.#list.children[this.#at];
    option.scrollIntoView({ block: "nearest" });
    this.#input.setAttribute("aria-activedescendant", option.id);
  }

  #close() {
    clearTimeout(this.#timer);
    this.#asked += 1; // an answer that is under way comes too late
    this.#list.hidden = true;
    this.#list.replaceChildren();
    for (const name of ["aria-controls", "aria-autocomplete", "aria-activedescendant"]) this.#input.removeAttribute(name);
  }

  #onKey(event) {
    if (this.#list.hidden || event.isComposing || event.keyCode === 229) return;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) this.#mark(this.#at + steps[event.key]);
    else if (event.key === "Escape") this.#close();
    else if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab") this.#choose(this.#at);
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  #clicked(event) {
    event.preventDefault(); // the field keeps the focus
    const option = event.target.closest("[data-index]");
    if (option) this.#choose(Number(option.dataset.index));
  }

  async #choose(index) {
    const { id } = this.#answers[index];
    const length = (this.#command ?? "").length + 1;
    const end = this.#input.selectionStart;
    const [start, written] = [end - length, this.#input.value.slice(end - length, end)];
    const { client, conversation } = this.#thread;
    this.#close();
    try {
      const { text } = await client.rest.post(`/team/canned-answers/${id}/use`, { conversationId: conversation.id });
      // What was written meanwhile stays; the code is replaced where it still stands.
      const stands = this.#input.value.slice(start, end) === written;
      const [from, to] = stands ? [start, end] : [this.#input.selectionStart, this.#input.selectionEnd];
      this.#input.setRangeText(text, from, to, "end");
      this.#input.dispatchEvent(new Event("input", { bubbles: true }));
      this.#close();
    } catch (error) {
      this.#thread.complain(error);
    }
  }
}
