import { make } from "../dom.js";
import { errorText } from "../error_texts.js";
import { tintOf } from "../people.js";
import { setPreference } from "../preferences.js";
import { CHOICE, isColumn, wide } from "./customer_column.js";
import { customerSections, hostSection } from "./customer_sections.js";
import { initialsOf } from "../thread/initials.js";

const PAUSE = 1_000; // milliseconds for which changes of the team are gathered

/** What the business knows of the customer, in its place. */
export class CustomerPanel {
  #place;
  #body = make("div", { className: "customer-body", tabIndex: -1 });
  #host = make("div", { className: "customer-sections" });
  #sheet = make("dialog", { className: "customer-sheet", ariaLabel: gettext("Customer") });
  #rest;
  #path;
  #states;
  #conversation;
  #stops;
  #stamp;
  #timer = null;
  #isLoaded = false;
  #serial = 0;
  #destroyed = new AbortController();

  /** `place`: a `CustomerPlace`. `conversation()` returns the current conversation. */
  constructor(place, { rest, states, id, conversation }) {
    this.#place = place;
    this.#rest = rest;
    this.#path = `/chat/conversations/${id}/customer`;
    this.#states = states;
    this.#conversation = conversation;
    place.element.append(this.#sheet);
    this.#stamp = this.#currentStamp();
    this.#stops = states.on(() => this.#onStates());
    const { signal } = this.#destroyed;
    wide.addEventListener("change", () => this.#layOut(), { signal });
    this.#sheet.addEventListener("close", () => this.#layOut(), { signal });
    this.#sheet.addEventListener("keydown", (event) => event.stopPropagation(), { signal });
    this.#sheet.addEventListener("pointerdown", (event) => event.target === this.#sheet && this.#sheet.close(), { signal });
    this.#layOut();
  }

  destroy() {
    this.#stops();
    this.#destroyed.abort();
    clearTimeout(this.#timer);
  }

  toggle() {
    if (!wide.matches) {
      this.#sheet.append(this.#body);
      this.#sheet.showModal();
      this.#load();
    } else setPreference(CHOICE, isColumn() ? "closed" : null);
    this.#layOut();
  }

  #layOut() {
    if (wide.matches && this.#sheet.open) this.#sheet.close();
    const { element, button } = this.#place;
    if (!this.#sheet.open) element.append(this.#body);
    element.classList.toggle("is-column", isColumn());
    button.ariaExpanded = String(isColumn() || this.#sheet.open);
    if (isColumn() && !this.#isLoaded) this.#load();
  }

  /** Labels and episodes change with the team's state. */
  #onStates() {
    const stamp = this.#currentStamp();
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    this.#isLoaded = false;
    clearTimeout(this.#timer);
    if (isColumn() || this.#sheet.open) this.#timer = setTimeout(() => this.#load(), PAUSE);
  }

  #currentStamp() {
    const conversation = this.#conversation();
    const state = conversation && this.#states.of(conversation);
    return JSON.stringify([state?.status, state?.labelIds]);
  }

  async #load() {
    const serial = ++this.#serial; // a later load replaces what this one would draw
    this.#isLoaded = true;
    try {
      const customer = await this.#rest.get(this.#path);
      if (serial !== this.#serial) return;
      this.#draw(customer);
    } catch (error) {
      if (serial !== this.#serial) return;
      this.#isLoaded = false;
      this.#showError(this.#body, error);
      return;
    }
    await this.#loadHost(serial);
  }

  /** The sections of the host project, whose failure leaves the others. */
  async #loadHost(serial) {
    try {
      const { panels } = await this.#rest.get(`${this.#path}/panels`);
      if (serial === this.#serial) this.#host.replaceChildren(...panels.map(hostSection));
    } catch (error) {
      if (serial === this.#serial) this.#showError(this.#host, error);
    }
  }

  #draw(customer) {
    const { customer: person, email } = customer;
    const close = make("button", { type: "button", className: "button quiet customer-close" }, gettext("Close"));
    close.addEventListener("click", () => this.#sheet.close());
    const mark = make("span", { className: "avatar", data: { tint: tintOf(person.id) }, aria: { hidden: "true" } }, initialsOf(person.name));
    const words = make("div", { className: "customer-words" }, make("h2", { dir: "auto" }, person.name));
    if (email) words.append(make("a", { className: "link", href: `mailto:${encodeURIComponent(email)}` }, email));
    const head = make("header", { className: "customer-head" }, mark, words, close);
    this.#body.replaceChildren(head, make("div", { className: "customer-sections" }, ...customerSections(customer)), this.#host);
  }

  #showError(place, error) {
    const again = make("button", { type: "button", className: "button" }, gettext("Try again"));
    again.addEventListener("click", () => this.#load());
    place.replaceChildren(make("p", { className: "customer-failed", role: "alert" }, errorText(error)), again);
  }
}
