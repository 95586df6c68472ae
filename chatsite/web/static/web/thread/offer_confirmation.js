import { confirmed } from "./dialogs.js";
import { price } from "./money.js";
import { gettext, interpolate } from "./texts.js";

/** Whether the person means it: an answer to an offer binds. `action`: accept, decline or withdraw. */
export function confirmOfferAnswer(host, offer, action) {
  const [title, label] = {
    accept: [gettext("Accept this offer?"), gettext("Accept")],
    decline: [gettext("Decline this offer?"), gettext("Decline")],
    withdraw: [gettext("Withdraw this offer?"), gettext("Withdraw")],
  }[action];
  const text = interpolate(gettext("%(title)s, %(price)s"), { title: offer.title, price: price(offer) });
  return confirmed(host, { title, text, action: label, danger: action !== "accept" });
}
