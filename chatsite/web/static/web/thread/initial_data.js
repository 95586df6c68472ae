const PAGE_LIMIT = 8_000; // characters of a message, where the page does not say

/**
 * What the page brought along, in its element of JSON: `{conversation, messages, hasOlder, people, limit}`; and what
 * somebody has written in the page's own form before we came.
 */
export function readInitialData(root) {
  const element = root.querySelector('script[type="application/json"].thread-seed');
  const given = element ? JSON.parse(element.textContent) : {};
  const input = root.querySelector("textarea");
  return {
    conversation: given.conversation ?? null,
    page: given.messages ? { messages: given.messages, hasOlder: Boolean(given.hasOlder) } : null,
    people: given.people ?? [],
    limit: given.limit ?? PAGE_LIMIT,
    written: input?.value ?? "",
    hadFocus: input !== null && document.activeElement === input,
  };
}
