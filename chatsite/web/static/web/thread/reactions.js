import { el, hidden } from "./dom.js";
import { gettext, interpolate } from "./texts.js";

/** The emoji in the menu of a message. */
export const QUICK_REACTIONS = ["👍", "❤️", "😂", "🎉", "😮", "🙏"];

export function hasReacted(message, userId, emoji) {
  const reaction = message.reactions?.find((one) => one.emoji === emoji);
  return reaction?.userIds.includes(userId) ?? false;
}

/**
 * The reactions under a message, updated separately when they change.
 *
 * `context`: me, nameOfUser(id), canReact(message), react(message, emoji).
 */
export function showReactions(article, { message }, context) {
  const reactions = message.deletedAt ? [] : (message.reactions ?? []);
  const canReact = context.canReact(message);
  const stamp = JSON.stringify([canReact, reactions.map((one) => [one.emoji, one.userIds.map(context.nameOfUser)])]);
  const shown = article.querySelector(":scope > .reactions");
  if ((shown?.dataset.stamp ?? "[false,[]]") === stamp) return;
  const focused = shown?.contains(document.activeElement) ? document.activeElement.dataset.emoji : null;
  shown?.remove();
  if (!reactions.length) return;
  const chips = reactions.map((one) => chip(message, one, canReact, context));
  const list = el("div", { class: "reactions", role: "group", "aria-label": gettext("Reactions"), "data-stamp": stamp }, ...chips);
  article.querySelector(":scope > .line").after(list);
  if (focused) [...list.children].find((one) => one.dataset.emoji === focused)?.focus({ preventScroll: true });
}

function chip(message, { emoji, count, userIds }, canReact, context) {
  const names = userIds.map(context.nameOfUser).join(", ");
  const mine = userIds.includes(context.me);
  const given = {
    type: "button",
    class: mine ? "reaction is-mine" : "reaction",
    tabindex: "-1",
    "data-names": names,
    "data-emoji": emoji,
    "aria-pressed": String(mine),
    disabled: !canReact && !mine,
    on: { click: () => context.react(message, emoji) },
  };
  const label = interpolate(gettext("%(emoji)s by %(names)s"), { emoji, names });
  const shown = el("span", { "aria-hidden": "true" }, el("span", { class: "reaction-emoji" }, emoji), ` ${count}`);
  return el("button", given, shown, hidden(label));
}

const TAP = { within: 350, around: 24 }; // milliseconds and pixels between two taps of one finger

/** Calls `tapped(row)` on a double tap on a message. A double click of a mouse selects a word instead. */
export function watchDoubleTaps(box, tapped) {
  let last = { at: -TAP.within, row: null, x: 0, y: 0 };
  box.addEventListener("pointerup", (event) => {
    const row = event.target.closest(".row-message:not(.row-system)");
    if (event.pointerType !== "touch" || !row || event.target.closest("a, button")) return;
    const { timeStamp: at, clientX: x, clientY: y } = event;
    const isSecond = row === last.row && at - last.at < TAP.within && Math.hypot(x - last.x, y - last.y) < TAP.around;
    last = { at: isSecond ? -TAP.within : at, row, x, y };
    if (isSecond) tapped(row);
  });
}
