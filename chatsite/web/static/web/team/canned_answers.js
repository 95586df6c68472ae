import { el, hidden, icon } from "../thread/dom.js";
import { gettext, interpolate, ngettext } from "../thread/texts.js";
import { toast } from "../toast.js";
import { Suggestions } from "./suggestions.js";

const COMMAND = /(^|\s)\/([^\s/]{0,40})$/u; // the command before the cursor
const PAUSE = 120; // milliseconds without a key before we ask
const PREVIEW = 120; // characters of a text

/**
 * Suggests a team's canned answers while a member types `/` and the beginning of a code or of a word, and replaces it by
 * the chosen text. `thread`: client, people, conversation, composer, attachments, showError(error).
 */
export class CannedAnswers {
  #thread;
  #input;
  #suggestions;
  #timer = null;
  #requests = 0;

  constructor(thread) {
    this.#thread = thread;
    const form = thread.composer.element;
    this.#input = form.querySelector("textarea");
    this.#suggestions = new Suggestions(form, gettext("Canned answers"), {
      draw: (answer) => drawAnswer(answer),
      choose: (answer) => this.#choose(answer),
      closed: () => this.#cancelSearch(),
    });
    this.#input.addEventListener("input", () => this.suggest());
  }

  get #command() {
    const { value, selectionStart, selectionEnd } = this.#input;
    const { people, composer } = this.#thread;
    if (selectionStart !== selectionEnd || people.side !== "business" || composer.isNote) return null;
    return COMMAND.exec(value.slice(0, selectionStart))?.[2] ?? null;
  }

  suggest() {
    clearTimeout(this.#timer);
    if (this.#command === null) return this.#suggestions.close();
    this.#timer = setTimeout(() => this.#search(), PAUSE);
    return undefined;
  }

  async #search() {
    const q = this.#command;
    if (q === null) return this.#suggestions.close();
    const { client, conversation } = this.#thread;
    const request = ++this.#requests;
    try {
      const { results } = await client.rest.get("/team/canned-answers", { businessId: conversation.businessId, q, limit: 20 });
      if (request === this.#requests && this.#command !== null) this.#suggestions.show(results);
    } catch {
      this.#suggestions.close(); // offline: no suggestions
    }
    return undefined;
  }

  #cancelSearch() {
    clearTimeout(this.#timer);
    this.#requests += 1; // ignore an answer that is still in transit
  }

  async #choose({ id }) {
    const command = this.#commandPlace;
    const { client, conversation, composer } = this.#thread;
    const { subject } = composer;
    this.#suggestions.close();
    try {
      const answer = await client.rest.post(`/team/canned-answers/${id}/use`, { conversationId: conversation.id });
      if (this.#input.isConnected && composer.subject === subject) this.#insert(answer, command);
      else this.#leaveOut(answer);
    } catch (error) {
      this.#thread.showError(error);
    }
  }

  get #commandPlace() {
    const end = this.#input.selectionStart;
    const start = end - (this.#command ?? "").length - 1;
    return { start, end, written: this.#input.value.slice(start, end) };
  }

  /** Keep text that was typed meanwhile, and replace the code where it is now. */
  #insert({ text, attachments }, { start, end, written }) {
    const stands = this.#input.value.slice(start, end) === written;
    const [from, to] = stands ? [start, end] : [this.#input.selectionStart, this.#input.selectionEnd];
    this.#input.setRangeText(text, from, to, "end");
    this.#input.dispatchEvent(new Event("input", { bubbles: true }));
    this.#suggestions.close();
    if (!attachments.length) return undefined;
    const { composer, attachments: files } = this.#thread;
    if (!composer.isEditing) return files.attach(attachments);
    files.discard(attachments);
    toast(gettext("The files of the answer were left out, because an edit cannot add files."));
    return undefined;
  }

  /** The text was for a message to the customer, and the field is now for a note, an edit or another conversation. */
  #leaveOut({ attachments }) {
    this.#thread.attachments.discard(attachments);
    toast(gettext("The answer was left out, because you are writing something else now."));
  }
}

function drawAnswer({ code, text, attachments }) {
  const preview = [...text].slice(0, PREVIEW).join("");
  return [el("strong", { class: "suggestion-name" }, `/${code}`), el("span", { class: "suggestion-text", dir: "auto" }, preview), attachments.length ? filesMark(attachments) : null].filter(Boolean);
}

function filesMark({ length: count }) {
  const words = interpolate(ngettext("%(count)s file", "%(count)s files", count), { count });
  return el("span", { class: "suggestion-files" }, icon("attach"), hidden(words), el("span", { "aria-hidden": "true" }, String(count)));
}
