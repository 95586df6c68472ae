import { TEAM_FILTERS } from "./team/team_filters.js";
import { matches } from "./team/team_states.js";

let isFound = () => true; // until the rule is here, what the server has listed counts

/** Fetch the rule of a search, which few people need. The next drawing follows it. */
export function loadSearchRule() {
  import("./list_search.js").then((rule) => (isFound = rule.isFound), console.warn); // the next search tries again
}

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
  return !q || isFound(conversation, q, me);
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

export function emptyText(filters, isMember) {
  if (filters.q) return gettext("Nothing found. Try a different name or word.");
  if (hasTeamFilter(filters)) return gettext("No conversation matches these filters.");
  if (filters.show === "unread") return gettext("All caught up. You have no unread messages.");
  if (filters.show === "archived") return gettext("No archived conversations. A new message moves a conversation back to the inbox.");
  if (isMember) return gettext("No customer has written yet. New conversations appear here automatically.");
  return gettext("No conversations yet. Find a business and say hello.");
}
