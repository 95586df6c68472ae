import { clockTime, dayLabel, fullTime } from "./dates.js";
import { el } from "./dom.js";
import { offerCard } from "./offers.js";
import { translatedQuestion } from "./rating.js";
import { gettext } from "./texts.js";

export function drawDay({ key, date }, node) {
  const row = node ?? el("div", { class: "row row-day", id: key }, el("span", { class: "day" }));
  row.firstChild.textContent = dayLabel(date);
  return row;
}

/** Each date sticks to the upper edge when it scrolls past it; only the last of these is visible. */
export function showOneDay(scroller, box) {
  const edge = scroller.getBoundingClientRect().top + 12;
  const days = [...box.querySelectorAll(":scope > .row-day")];
  const current = days.findLastIndex((day) => day.getBoundingClientRect().top <= edge);
  days.forEach((day, index) => {
    const { bottom } = day.getBoundingClientRect();
    day.classList.toggle("is-past", index < current);
    const below = day.nextElementSibling?.getBoundingClientRect().top;
    day.classList.toggle("is-stuck", below < bottom - 1);
  });
}

export function drawUnread(_row, node) {
  if (node) return node;
  const label = gettext("New messages");
  const given = { class: "row row-unread", role: "separator", "aria-label": label };
  return el("div", given, el("span", { class: "unread-label" }, label));
}

/** A system message. A new offer is shown as a card. The card for a rating is below the message that asks for it. */
export function drawSystem({ key, message }, node, { offers, side, answerOffer, rating }) {
  const row = node ?? el("article", { class: "row row-message row-system", tabindex: "-1", id: key });
  row.dataset.message = message.id;
  row.dataset.seq = message.seq;
  const offer = message.deletedAt ? null : offers.of(message);
  const card = message.deletedAt ? null : rating.below(message);
  const stamp = JSON.stringify([message.content, message.deletedAt, offer, side, card?.stamp]);
  if (row.dataset.stamp === stamp) return row;
  row.dataset.stamp = stamp;
  if (offer) {
    row.replaceChildren(offerCard(offer, side, answerOffer));
    return row;
  }
  const date = new Date(message.createdAt);
  const text = message.deletedAt ? gettext("This message was deleted") : translatedQuestion(message.content);
  const time = el("time", { datetime: message.createdAt, title: fullTime(date) }, clockTime(date));
  row.replaceChildren(el("p", { class: "system" }, el("bdi", { dir: "auto" }, text), " ", time), ...(card ? [card.draw()] : []));
  return row;
}
