import { fullTime } from "./dates.js";
import { el, icon } from "./dom.js";
import { price } from "./money.js";
import { gettext, interpolate } from "./texts.js";

const OPENING = /^Offer: .*\. Valid until (\d{4}-\d\d-\d\d \d\d:\d\d) UTC\.$/s;
const DIRECTION_CONTROLS = /[\u202a-\u202e\u2066-\u2069]/g; // around a title that is read from right to left
const ABOUT_OFFER = /^Offer(:| (accepted|declined|expired|withdrawn):) /;
const MOST_PAGES = 10;
const STATUSES = {
  pending: () => gettext("Open"),
  accepted: () => gettext("Accepted"),
  declined: () => gettext("Declined"),
  withdrawn: () => gettext("Withdrawn"),
  expired: () => gettext("Expired"),
};
const ACTIONS = {
  accept: () => gettext("Accept"),
  decline: () => gettext("Decline"),
  withdraw: () => gettext("Withdraw"),
};

/** Whether a system message is about an offer. */
export function isAboutOffer(content) {
  return ABOUT_OFFER.test(content);
}

/** The offers of one conversation. Each has a system message in the history, which is shown as a card. */
export class Offers {
  #rest;
  #conversationId;
  #changed;
  #byEnd = new Map(); // the minute in which they expire, as the system messages write it
  #loading = null;
  #following = null; // the fetch after the present one, which may have read too early
  #newest = 0; // the newest system message about offers at the last fetch

  constructor(rest, conversationId, changed) {
    this.#rest = rest;
    this.#conversationId = conversationId;
    this.#changed = changed;
  }

  /** The offer of this system message, if there is one. */
  of({ content, createdAt, seq }) {
    if (!isAboutOffer(content)) return null;
    if (seq > this.#newest) {
      this.#newest = seq;
      this.#load();
    }
    const end = OPENING.exec(content)?.[1];
    const made = Date.parse(createdAt);
    const near = (offer) => Math.abs(Date.parse(offer.createdAt) - made);
    const text = plain(content);
    const possible = this.#byEnd.get(end)?.filter(({ title }) => text.startsWith(`Offer: ${plain(title)}, `));
    return possible?.sort((a, b) => near(a) - near(b))[0] ?? null;
  }

  /** `action`: accept, decline or withdraw. */
  async answer(offer, action) {
    try {
      await this.#rest.post(`/offers/${offer.id}/${action}`);
    } finally {
      await this.#load();
    }
  }

  #load() {
    if (this.#loading) {
      this.#following ??= this.#loading.then(() => {
        this.#following = null;
        return this.#load();
      });
      return this.#following;
    }
    this.#loading = this.#fetch()
      .then(() => this.#changed())
      .catch(() => (this.#newest = 0)) // show the text of the messages meanwhile; the next redraw fetches again
      .finally(() => (this.#loading = null));
    return this.#loading;
  }

  async #fetch() {
    const byEnd = new Map();
    let query = { conversationId: this.#conversationId, limit: 200 };
    for (let pages = 0; query && pages < MOST_PAGES; pages += 1) {
      const page = await this.#rest.get("/offers", query);
      for (const offer of page.results) byEnd.set(endOf(offer), [...(byEnd.get(endOf(offer)) ?? []), offer]);
      const cursor = page.next && new URL(page.next).searchParams.get("cursor");
      query = cursor ? { ...query, cursor } : null;
    }
    this.#byEnd = byEnd;
  }
}

function plain(text) {
  return text.replace(DIRECTION_CONTROLS, "");
}

/** Its amount is not compared: earlier messages write it in another form. */
function endOf({ expiresAt }) {
  return expiresAt.slice(0, 16).replace("T", " ");
}

/** Its buttons call `act(offer, action)`; `side` is the side that may answer. */
export function offerCard(offer, side, act) {
  const actions = offer.status !== "pending" ? [] : side === "customer" ? ["accept", "decline"] : ["withdraw"];
  const button = (action) => {
    const kind = action === "accept" ? "button is-main" : "button";
    return el("button", { type: "button", class: kind, on: { click: () => act(offer, action) } }, ACTIONS[action]());
  };
  const status = el("span", { class: "offer-status" }, STATUSES[offer.status]());
  const label = interpolate(gettext("Offer: %(title)s"), { title: offer.title });
  const until = interpolate(gettext("Valid until %(time)s"), { time: fullTime(new Date(offer.expiresAt)) });
  return el(
    "section",
    { class: `offer is-${offer.status}`, "aria-label": label },
    el("p", { class: "offer-head" }, icon("offer"), gettext("Offer"), status),
    el("p", { class: "offer-title", dir: "auto" }, offer.title),
    el("p", { class: "offer-price" }, price(offer)),
    offer.description && el("p", { class: "offer-text", dir: "auto" }, offer.description),
    offer.status === "pending" && el("p", { class: "offer-until" }, until),
    actions.length > 0 && el("p", { class: "offer-actions" }, ...actions.map(button)),
  );
}
