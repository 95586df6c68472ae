import { copyOf, fill, show } from "./dom.js";
import { price } from "./thread/money.js";
import { fullTime, setTime } from "./times.js";

const ANSWERABLE = /^\/(team\/invitations|offers)\/[0-9a-f-]{36}$/;

/** The address that takes the answer, if the notification is an invitation or an offer. */
export function answerPath({ actionUrl = "" }) {
  return ANSWERABLE.test(actionUrl) ? actionUrl : null;
}

export function newNotificationItem(id) {
  const item = copyOf("alert-template");
  item.dataset.alert = id;
  return item;
}

/** `status` of the invitation or offer: undefined if it is not known yet. */
export function fillNotificationItem(item, notification, { status, isMine, offer }) {
  const question = answerPath(notification);
  item.classList.toggle("unread", !notification.readAt);
  fill(item, "title", notification.title);
  show(fill(item, "body", notification.body), notification.body);
  fillOffer(item, status === "pending" ? offer : null, notification.title);
  setTime(item.querySelector("time"), notification.createdAt);
  const open = question && isMine && status === "pending";
  const act = (name) => item.querySelector(`[data-act="${name}"]`);
  show(act("accept"), open);
  show(act("decline"), open);
  show(act("read"), !notification.readAt);
  const link = act("open");
  // The server has checked that this is a path of this site or https. Follow nothing else.
  const leads = !question && /^(\/(?![/\\])|https:\/\/)/.test(notification.actionUrl);
  show(link, leads);
  if (leads) link.href = notification.actionUrl;
  fillState(item, question && isMine ? status : undefined);
}

/** The amount, description and end of an offer. Most titles contain the amount already. */
function fillOffer(item, offer, title) {
  const amount = offer ? price(offer) : "";
  show(fill(item, "price", amount), offer && !title.includes(amount));
  show(fill(item, "description", offer?.description ?? ""), offer?.description);
  const until = offer && interpolate(gettext("Valid until %(time)s"), { time: fullTime(offer.expiresAt) }, true);
  show(fill(item, "until", until ?? ""), offer);
}

function fillState(item, status) {
  const texts = {
    accepted: gettext("Accepted"),
    declined: gettext("Declined"),
    revoked: gettext("Revoked"),
    withdrawn: gettext("Withdrawn"),
    expired: gettext("Expired"),
    gone: gettext("No longer available"),
  };
  const place = fill(item, "state", texts[status] ?? "");
  place.dataset.kind = status === "accepted" ? "yes" : "no";
  show(place, status in texts);
}
