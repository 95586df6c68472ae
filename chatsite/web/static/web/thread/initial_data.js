const FILE_LIMITS = { count: 10, bytes: 25 * 1024 * 1024 }; // files of a message and bytes of a file, if the page does not set them

/**
 * The data in the page's JSON element: `{conversation, messages, hasOlder, people, question, limit, attachments}`; and
 * the text that the user typed into the page's form before the scripts ran.
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
    limit: given.limit ?? Infinity, // without a limit in the page, the server refuses what is too long
    attachments: given.attachments ?? FILE_LIMITS,
    written: input?.value ?? "",
    hadFocus: input !== null && document.activeElement === input,
  };
}
