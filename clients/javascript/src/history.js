const FIRST = 50;
const PAGE = 200;
const MAX_PAGES = 10; // of a fetch that closes a long gap; older messages are loaded again when the user scrolls there

/**
 * Fetch the conversation, and then its newest messages: their state at the conversation's `rev` or later. After a gap
 * (`newestSeq` is known) the pages reach back to it, so that no message is missed.
 */
export async function fetchLatest(rest, id, newestSeq = 0) {
  const path = `/chat/conversations/${id}`;
  const conversation = await rest.get(path);
  let page = await rest.get(`${path}/messages`, { limit: newestSeq ? PAGE : FIRST });
  let messages = page.results;
  for (let pages = 1; newestSeq && page.next && messages[0].seq > newestSeq + 1 && pages < MAX_PAGES; pages += 1) {
    page = await rest.get(`${path}/messages`, { before: messages[0].seq, limit: PAGE });
    messages = [...page.results, ...messages];
  }
  return { conversation, messages, hasOlder: Boolean(page.next) };
}

export async function fetchOlder(rest, id, before) {
  const page = await rest.get(`/chat/conversations/${id}/messages`, { before, limit: FIRST });
  return { messages: page.results, hasOlder: Boolean(page.next) };
}

export async function fetchNewer(rest, id, after) {
  const page = await rest.get(`/chat/conversations/${id}/messages`, { after, limit: FIRST });
  return { messages: page.results, hasNewer: Boolean(page.previous) };
}
