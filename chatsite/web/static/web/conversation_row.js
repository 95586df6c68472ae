import { isMuted, isPinned } from "./conversation_actions.js";
import { copyOf, fill, make, show } from "./dom.js";
import { otherSide, tintOf } from "./people.js";
import { lastMessage } from "./last_message.js";
import { fillTeamMarks } from "./team/team_marks.js";
import { setTime } from "./times.js";
import { initialsOf } from "./thread/initials.js";

/** A new row. The server renders its rows from the same `_row.html`. */
export function newRow(id) {
  const item = copyOf("row-template");
  item.dataset.id = id;
  return item;
}

/** Update a row from the conversation, changing only what differs. */
export function fillRow(item, conversation, { me, href, isOnline, isOpen, colleagues, withBusiness, draft, pending, nameOf, team }) {
  const other = otherSide(conversation, me);
  const link = item.querySelector("[data-row]");
  if (link.getAttribute("href") !== href) link.setAttribute("href", href);
  if (isOpen) link.setAttribute("aria-current", "page");
  else link.removeAttribute("aria-current");
  link.classList.toggle("unread", conversation.unreadCount > 0);
  fillOwn(item, conversation);
  item.querySelector(".avatar").dataset.tint = tintOf(other.key);
  fill(item, "initials", initialsOf(other.name));
  fill(item, "name", other.name);
  show(item.querySelector('[data-field="online"]'), isOnline);
  show(item.querySelector('[data-field="online-text"]'), isOnline);
  fillPreview(item, lastMessage(conversation, { me, pending, nameOf }), draft);
  setTime(item.querySelector("time"), conversation.lastMessageAt ?? conversation.createdAt);
  show(fill(item, "business", other.businessName), withBusiness && other.businessName);
  fillUnread(item, conversation.unreadCount);
  fillColleagues(item.querySelector('[data-field="colleagues"]'), colleagues);
  fillTeamMarks(item.querySelector('[data-field="team"]'), team);
}

/** The user's own marks: pinned, muted, and a change that waits to be saved. */
export function fillOwn(item, conversation) {
  const link = item.querySelector("[data-row]");
  const signs = { muted: isMuted(conversation), pinned: isPinned(conversation) };
  for (const [name, isSet] of Object.entries(signs)) {
    link.classList.toggle(`is-${name}`, isSet);
    show(item.querySelector(`[data-field="${name}-text"]`), isSet);
  }
  link.classList.toggle("is-pending", Boolean(conversation.pendingChange));
  show(fill(item, "pending-text", gettext("Waiting to be saved")), conversation.pendingChange);
}

/** Unsent text takes precedence over the last message. */
function fillPreview(item, { text, sender, status, statusText }, draft) {
  show(item.querySelector('[data-field="draft"]'), Boolean(draft));
  fill(item, "preview-text", draft || text);
  show(fill(item, "sender", sender), sender && !draft);
  const tick = item.querySelector('[data-field="tick"]');
  show(tick, status && !draft);
  fill(item, "tick-text", statusText);
  if (!status || tick.dataset.status === status) return;
  tick.dataset.status = status;
  tick.querySelector("use").setAttribute("href", `#sign-${status}`);
}

function fillUnread(item, count) {
  show(item.querySelector('[data-field="unread"]'), count > 0);
  fill(item, "count", count > 99 ? "99+" : String(count));
  const text = ngettext("%(count)s unread message", "%(count)s unread messages", count);
  fill(item, "unread-text", interpolate(text, { count }, true));
}

function fillColleagues(place, colleagues) {
  const key = colleagues.map(({ userId, answering }) => `${userId}${answering}`).join();
  show(place, colleagues.length > 0);
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  place.replaceChildren(...colleagues.map(colleagueMark));
}

function colleagueMark({ userId, name, answering }) {
  const text = answering ? gettext("%(name)s is answering") : gettext("%(name)s is viewing this");
  const said = interpolate(text, { name }, true);
  const mark = make("span", { className: `avatar colleague${answering ? " answering" : ""}`, title: said, data: { tint: tintOf(userId) } });
  mark.append(make("span", { aria: { hidden: "true" } }, initialsOf(name)), make("span", { className: "visually-hidden" }, `, ${said}`));
  return mark;
}
