import { isPinned } from "./conversation_actions.js";

const MOST = 100;

/** Pinned conversations are above all others, however old they are. */
export function pinnedFirst(conversations) {
  return [...conversations.filter(isPinned), ...conversations.filter((one) => !isPinned(one))];
}

/** Resolves with the ids of the pinned conversations that belong to this query of the list. */
export async function loadPinned(client, query) {
  const { results } = await client.loadConversations({ ...query, limit: MOST, pinned: true });
  return results.map(({ id }) => id);
}
