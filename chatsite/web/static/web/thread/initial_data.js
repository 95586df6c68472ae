const PAGE_LIMIT = 8_000; // characters of a message, where the page does not say

const FILE_LIMITS = { count: 10, bytes: 25 * 1024 * 1024 }; // files of a message, bytes of a file: likewise

/**
 * What the page brought along, in its element of JSON: `{conversation, messages, hasOlder, people, question, limit, attachments}`; and
 * what somebody has written in the page's own form before we came.
 */
export function readInitialData(root) {
  const element = root.querySelector('script[type="application/json"].thread-seed');
  const given = element ? JSON.parse(element.textContent) : {};
  const input = root.querySelector("textarea");
  return {
    conversation: given.conversation ?? null,
    page: given.messages ? { messages: given.messages, hasOlder: Boolean(given.hasOlder) } : null,
    people: given.people ?? [],
    question: given.question ?? null,
    limit: given.limit ?? PAGE_LIMIT,
    attachments: given.attachments ?? FILE_LIMITS,
    written: input?.value ?? "",
    hadFocus: input !== null && document.activeElement === input,
  };
}
