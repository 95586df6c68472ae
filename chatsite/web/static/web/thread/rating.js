import { isAboutOffer } from "./offers.js";
import { gettext } from "./texts.js";

const USUAL_QUESTION = "How did we do? Please rate this conversation."; // of businesses that have not changed it

/** The customer's rating of the latest episode. The card is below the system message that asks for it. */
export class Rating {
  #thread;
  #question;
  #newest = 0; // the newest system message at the last fetch
  #isLoading = false;
  #card = null; // the module `rating_card.js`
  #isCardLoading = false;
  #form = null; // kept with its input while it is not in the page

  /** `thread`: client, view, people, list, announcer, initial, isOpen(), showError(error). */
  constructor(thread) {
    this.#thread = thread;
    this.#question = thread.initial.question ?? { askedAt: null };
    if (thread.initial.question) this.#loadCard();
  }

  /** `{stamp, draw()}` of the card below this system message, or null. `stamp` changes when it must be redrawn. */
  below(message) {
    if (this.#thread.people.side !== "customer" || isAboutOffer(message.content)) return null;
    this.#checkForNew(message.seq);
    const { askedAt, ratedAt, score } = this.#question;
    if (askedAt === null || Date.parse(askedAt) !== Date.parse(message.createdAt)) return null;
    if (!this.#card) {
      this.#loadCard();
      return null;
    }
    if (ratedAt !== null) return { stamp: `rated ${score}`, draw: () => this.#card.thanksLine(score) };
    return this.#thread.isOpen() ? { stamp: "asked", draw: () => (this.#form ??= this.#makeForm()) } : null;
  }

  #makeForm() {
    return this.#card.ratingForm(this.#thread, this.#path, (question) => this.#setQuestion(question));
  }

  /** Only now, because most conversations ask for no rating. */
  async #loadCard() {
    if (this.#isCardLoading) return;
    this.#isCardLoading = true;
    this.#card = await import("./rating_card.js").catch(() => null); // the next redraw fetches it again
    this.#isCardLoading = false;
    if (this.#card) this.#thread.list.schedule();
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
}

/** The default question in the reader's language; any other text unchanged. */
export function translatedQuestion(content) {
  return content === USUAL_QUESTION ? gettext("How did we do? Please rate this conversation.") : content;
}
