import { randomId } from "../../chat-client/identifiers.js";
import { getPreference, setPreference } from "../preferences.js";
import { ask, cancelling, closing } from "../thread/dialogs.js";
import { el } from "../thread/dom.js";
import { gettext, interpolate } from "../thread/texts.js";

const DAYS = 7; // for which an offer is valid, unless something else is chosen
const AMOUNT = "[0-9]{1,12}([.,][0-9]{1,3})?";

/** Makes offers. An offer that was refused is still in its dialog to be tried again. */
export class OfferMaker {
  #thread;
  #currencies;
  #typed = {};
  #clientId = null;

  /** `currencies`: the digits of the minor unit of each. */
  constructor(thread, currencies) {
    this.#thread = thread;
    this.#currencies = currencies;
  }

  async make() {
    const offer = await this.#ask();
    if (!offer) return;
    const { client, view } = this.#thread;
    const clientId = this.#clientId ?? randomId(); // a retry makes no second offer
    const typed = this.#typed;
    // A dialog that is opened before the answer is for the next offer.
    this.#typed = {};
    this.#clientId = null;
    try {
      await client.rest.post("/offers", { ...offer, conversationId: view.id, clientId });
      setPreference("currency", offer.currency);
    } catch (error) {
      this.#thread.showError(error);
      if (this.#typed.title || this.#typed.amount || this.#typed.description) return; // the next offer
      this.#typed = typed;
      this.#clientId = clientId;
    }
  }

  async #ask() {
    const { title, price, description, until } = this.#fields();
    const check = () => price.amount.setCustomValidity(this.#isValidPrice(price) ? "" : this.#priceError(price));
    for (const field of Object.values(price)) field.addEventListener("input", check);
    const line = el("div", { class: "offer-fields" }, labelField(gettext("Price"), price.amount), labelField(gettext("Currency"), price.currency));
    const body = [labelField(gettext("What you offer"), title), line, labelField(gettext("Details"), description), labelField(gettext("Valid until"), until)];
    const buttons = [cancelling(gettext("Cancel")), closing(gettext("Make the offer"), "yes", "is-main")];
    const { value, form } = await ask(this.#thread.section, gettext("Make an offer"), body, buttons);
    const typed = Object.fromEntries([...form.elements].filter(({ name }) => name).map((field) => [field.name, field.value]));
    if (JSON.stringify(typed) !== JSON.stringify(this.#typed)) this.#clientId = null; // it is another offer now
    this.#typed = typed;
    if (value !== "yes") return null;
    const expiresAt = new Date(typed.until).toISOString();
    const amountMinor = toMinorUnits(typed.amount, this.#currencies[typed.currency]);
    return { title: typed.title, description: typed.description, currency: typed.currency, amountMinor, expiresAt };
  }

  #fields() {
    const { title = "", amount = "", description = "" } = this.#typed;
    const chosen = this.#typed.currency ?? getPreference("currency") ?? "EUR";
    const options = Object.keys(this.#currencies).sort().map((code) => el("option", { selected: code === chosen }, code));
    const week = new Date(Date.now() + DAYS * 86_400_000);
    return {
      title: el("input", { name: "title", required: true, maxlength: "200", dir: "auto", autocomplete: "off", value: title }),
      price: {
        amount: el("input", { name: "amount", required: true, inputmode: "decimal", pattern: AMOUNT, autocomplete: "off", value: amount }),
        currency: el("select", { name: "currency" }, ...options),
      },
      description: el("textarea", { name: "description", rows: "3", maxlength: "4000", dir: "auto" }, description),
      until: el("input", { type: "datetime-local", name: "until", required: true, min: localTime(new Date()), value: this.#typed.until ?? localTime(week) }),
    };
  }

  /** Whether the amount is more than nothing, and has no more digits than the currency. */
  #isValidPrice({ amount, currency }) {
    const digits = this.#currencies[currency.value];
    return !new RegExp(`^${AMOUNT}$`).test(amount.value) || ((fraction(amount.value).length <= digits) && toMinorUnits(amount.value, digits) > 0);
  }

  #priceError({ currency }) {
    const digits = this.#currencies[currency.value];
    return interpolate(gettext("Write a price above zero with at most %(digits)s decimal places."), { digits });
  }
}

function labelField(words, field) {
  return el("label", { class: "field" }, words, field);
}

function fraction(amount) {
  return amount.split(/[.,]/)[1] ?? "";
}

/** The amount in the smallest unit of the currency, without the rounding of binary fractions. */
function toMinorUnits(amount, digits) {
  return Number(amount.split(/[.,]/)[0] + fraction(amount).padEnd(digits, "0"));
}

function localTime(date) {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
