import { otherSide } from "./people.js";
import { TEAM_FILTERS } from "./team/team_filters.js";
import { matches } from "./team/team_states.js";

const MOST_PARTS = 5; // of a search that the server uses
const OPTIONAL_MARKS = /[\u0300-\u036f\u0591-\u05c7\u0640\u064b-\u065f\u0670]/gu;
const PLAIN_LETTERS = {
  "‘": "'",
  "’": "'",
  æ: "ae",
  đ: "d",
  ð: "d",
  ħ: "h",
  ı: "i",
  ł: "l",
  ø: "o",
  œ: "oe",
  þ: "th",
  ß: "ss",
  ς: "σ",
};

/** The filters of the list as the server takes them. */
export function queryFor(filters, limit) {
  const { show, business, q } = filters;
  return {
    limit,
    archived: show === "archived",
    unread: show === "unread" ? true : undefined,
    businessId: business || undefined,
    search: q || undefined,
    ...Object.fromEntries(TEAM_FILTERS.map((name) => [name, filters[name] || undefined])),
  };
}

/** Whether a conversation matches the filters. The open one always does, so that it does not disappear while it is read. */
export function passes(conversation, filters, { me, current, states }) {
  const { show, business, q } = filters;
  const isOpen = conversation.id === current;
  if (business && conversation.businessId !== business) return false;
  if ((show === "archived") !== conversation.archived) return false;
  if (show === "unread" && !conversation.unreadCount && !isOpen) return false;
  if (hasTeamFilter(filters) && !isOpen && !passesTeam(conversation, filters, me, states)) return false;
  return isFound(conversation, q, me);
}

export function hasTeamFilter(filters) {
  return TEAM_FILTERS.some((name) => filters[name]);
}

/** A state that is not known yet counts as matching, because the server has listed the conversation. */
function passesTeam(conversation, filters, me, states) {
  if (!states.isMember(conversation)) return false;
  const state = states.of(conversation);
  return !state || matches(state, filters, me);
}

/** The server's rule: every word and every part in quotes is in a name or in the preview. */
export function isFound(conversation, query, me) {
  const { name, username } = otherSide(conversation, me);
  const text = fold([name, username, conversation.lastMessage].join("\n"));
  return partsOf(query).every((part) => text.includes(fold(part)));
}

function partsOf(query) {
  const found = [...query.matchAll(/["“”„«»]([^"“”„«»]*)["“”„«»]|(\S+)/gu)];
  const parts = found.map(([, quoted, word]) => quoted?.trim().replace(/\s+/gu, " ") || word?.replace(/["“”„«»]/gu, ""));
  return parts.filter(Boolean).slice(0, MOST_PARTS);
}

/** Like `fold` of `text_folding.py`. */
function fold(text) {
  const bare = text.normalize("NFKD").toLowerCase().normalize("NFKD").replace(OPTIONAL_MARKS, "").normalize("NFC");
  return bare.replace(/[^\0-\x7f]/gu, (letter) => PLAIN_LETTERS[letter] ?? letter).replace(/\p{Nd}/gu, asciiDigit);
}

/** The ten digits of a script follow each other. */
function asciiDigit(digit) {
  let before = 0;
  while (/\p{Nd}/u.test(String.fromCodePoint(digit.codePointAt(0) - before - 1))) before += 1;
  return String(before % 10);
}

export function emptyText(filters, isMember) {
  if (filters.q) return gettext("Nothing found. Try a different name or word.");
  if (hasTeamFilter(filters)) return gettext("No conversation matches these filters.");
  if (filters.show === "unread") return gettext("All caught up. You have no unread messages.");
  if (filters.show === "archived") return gettext("No archived conversations. A new message moves a conversation back to the inbox.");
  if (isMember) return gettext("No customer has written yet. New conversations appear here automatically.");
  return gettext("No conversations yet. Find a business and say hello.");
}
