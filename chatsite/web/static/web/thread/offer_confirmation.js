import { confirmed } from "./dialogs.js";
import { price } from "./money.js";
import { gettext, interpolate } from "./texts.js";

/** Ask for confirmation, because an answer to an offer is binding. `action`: accept, decline or withdraw. */
export function confirmOfferAnswer(host, offer, action) {
  const [title, label] = {
    accept: [gettext("Accept this offer?"), gettext("Accept")],
    decline: [gettext("Decline this offer?"), gettext("Decline")],
    withdraw: [gettext("Withdraw this offer?"), gettext("Withdraw")],
  }[action];
  const text = interpolate(gettext("%(title)s, %(price)s"), { title: offer.title, price: price(offer) });
  return confirmed(host, { title, text, action: label, danger: action !== "accept" });
}
