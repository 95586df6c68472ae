import { make } from "../dom.js";
import { errorText } from "../error_texts.js";

const KINDS = {
  suggestions: () => gettext("Suggest answers"),
  summary: () => gettext("Summarise"),
  translation: () => gettext("Translate"),
};

/**
 * What opens above the text field, for members: it asks the site's assistants for help. Only the member who asks sees what they say. A
 * suggestion goes into the text field, and the member sends it or not.
 */
export class AssistantPanel {
  children;
  #client;
  #conversationId;
  #insert;
  #buttons;
  #answers = make("div", { className: "assistant-answers", role: "status" });
  #asked = 0;

  /** `insert(text)` puts a text into the text field. */
  constructor({ client, conversationId, insert }) {
    this.#client = client;
    this.#conversationId = conversationId;
    this.#insert = insert;
    this.#buttons = Object.entries(KINDS).map(([kind, words]) => this.#button(kind, words()));
    const choices = make("div", { className: "assistant-kinds", role: "group", ariaLabel: gettext("Assistant") }, ...this.#buttons);
    const note = make("p", { className: "choices-note" }, gettext("Only you see what the assistant says."));
    this.children = [choices, note, this.#answers];
  }

  #button(kind, words) {
    const button = make("button", { type: "button", className: "button" }, words);
    button.addEventListener("click", () => this.#ask(kind));
    return button;
  }

  async #ask(kind) {
    const asked = ++this.#asked;
    this.#answers.replaceChildren(gettext("Asking…"));
    const shown = await this.#fetchAnswers(kind);
    if (asked === this.#asked) this.#answers.replaceChildren(...shown);
  }

  async #fetchAnswers(kind) {
    try {
      const body = { kind, language: document.documentElement.lang };
      const { answers } = await this.#client.rest.post(`/chat/conversations/${this.#conversationId}/assist`, body);
      const drawn = answers.flatMap((answer) => (answer.failed ? [failureLine(answer)] : answer.texts.map((text) => this.#draw(kind, text))));
      return drawn.length ? drawn : [gettext("No assistant offers this.")];
    } catch (error) {
      return [errorText(error)];
    }
  }

  #draw(kind, text) {
    const words = make("p", { className: "assistant-text", dir: "auto" }, text);
    if (kind !== "suggestions") return words;
    const use = make("button", { type: "button", className: "button" }, gettext("Use"));
    use.addEventListener("click", () => this.#insert(text));
    return make("div", { className: "assistant-suggestion" }, words, use);
  }
}

function failureLine({ assistant }) {
  return make("p", { className: "choices-note" }, interpolate(gettext("%(name)s gave no answer."), { name: assistant }, true));
}
