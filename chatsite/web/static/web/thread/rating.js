import { el } from "./dom.js";
import { isAboutOffer } from "./offers.js";
import { gettext, interpolate } from "./texts.js";

const USUAL_QUESTION = "How did we do? Please rate this conversation."; // of businesses that have not changed it
const MOST_COMMENT = 1_000; // characters
const SCORES = [
  { score: 1, face: "😞", label: () => gettext("Very bad") },
  { score: 2, face: "😕", label: () => gettext("Bad") },
  { score: 3, face: "😐", label: () => gettext("Fair") },
  { score: 4, face: "😊", label: () => gettext("Good") },
  { score: 5, face: "😄", label: () => gettext("Very good") },
];

/** The customer's rating of the latest episode. The card is below the system message that asks for it. */
export class Rating {
  #thread;
  #question;
  #newest = 0; // the newest system message at the last fetch
  #isLoading = false;
  #form = null; // kept with its input while it is not in the page

  /** `thread`: client, view, people, list, announcer, initial, isOpen(), showError(error). */
  constructor(thread) {
    this.#thread = thread;
    this.#question = thread.initial.question ?? { askedAt: null };
  }

  /** `{stamp, draw()}` of the card below this system message, or null. `stamp` changes when it must be redrawn. */
  below(message) {
    if (this.#thread.people.side !== "customer" || isAboutOffer(message.content)) return null;
    this.#checkForNew(message.seq);
    const { askedAt, ratedAt, score } = this.#question;
    if (askedAt === null || Date.parse(askedAt) !== Date.parse(message.createdAt)) return null;
    if (ratedAt !== null) return { stamp: `rated ${score}`, draw: () => thanksLine(score) };
    return this.#thread.isOpen() ? { stamp: "asked", draw: () => (this.#form ??= this.#makeForm()) } : null;
  }

  #checkForNew(seq) {
    if (seq <= this.#newest) return;
    this.#newest = seq;
    this.#load();
  }

  async #load() {
    if (this.#isLoading) return;
    this.#isLoading = true;
    let newest;
    do {
      newest = this.#newest;
      const known = this.#question;
      try {
        const question = await this.#thread.client.rest.get(this.#path);
        if (known === this.#question) this.#setQuestion(question); // otherwise the customer rated meanwhile
      } catch {
        this.#newest = 0; // the next redraw of the message fetches again
        break;
      }
    } while (newest !== this.#newest);
    this.#isLoading = false;
  }

  get #path() {
    return `/chat/conversations/${this.#thread.view.id}/csat`;
  }

  #setQuestion(question) {
    if (question.askedAt !== this.#question.askedAt) this.#form = null;
    this.#question = question;
    this.#thread.list.schedule();
  }

  #makeForm() {
    const title = el("legend", { class: "visually-hidden" }, gettext("Your rating"));
    const comment = el("textarea", { name: "comment", rows: "2", maxlength: String(MOST_COMMENT), dir: "auto" });
    const button = el("button", { class: "button is-main" }, gettext("Send rating"));
    const more = [el("label", { class: "field" }, gettext("Comment (optional)"), comment), button];
    const submit = (event) => {
      event.preventDefault();
      const { score, comment: text } = event.target.elements;
      this.#send(event.target, button, { score: Number(score.value), comment: text.value });
    };
    return el(
      "form",
      { class: "rating", on: { submit } },
      el("fieldset", { class: "rating-scores" }, title, ...SCORES.map(choice)),
      el("div", { class: "rating-more" }, ...more),
    );
  }

  async #send(form, button, body) {
    if (button.disabled) return;
    button.disabled = true;
    const row = form.closest(".row");
    const hadFocus = form.contains(document.activeElement);
    try {
      this.#setQuestion(await this.#thread.client.rest.put(this.#path, body));
      this.#thread.announcer.say(thanksText(body.score));
      if (hadFocus) row?.focus({ preventScroll: true });
    } catch (error) {
      this.#thread.showError(error);
    } finally {
      button.disabled = false;
    }
  }
}

/** The default question in the reader's language; any other text unchanged. */
export function translatedQuestion(content) {
  return content === USUAL_QUESTION ? gettext("How did we do? Please rate this conversation.") : content;
}

function choice({ score, face, label }) {
  const input = el("input", { type: "radio", name: "score", value: String(score), required: true });
  return el("label", { class: "rating-score" }, input, el("span", { class: "rating-face", "aria-hidden": "true" }, face), el("span", {}, label()));
}

function thanksText(score) {
  const { label } = SCORES.find((one) => one.score === score);
  return interpolate(gettext("Thank you! Your rating: %(rating)s"), { rating: label() });
}

function thanksLine(score) {
  return el("p", { class: "rating-thanks" }, thanksText(score));
}
