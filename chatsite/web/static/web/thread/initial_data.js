const SEEDED = 100; // messages in the data for a later view
const FILE_LIMITS = { count: 10, bytes: 25 * 1024 * 1024 }; // files of a message and bytes of a file, if the page does not set them

/**
 * The data in the page's JSON element: `{conversation, messages, hasOlder, people, question, availability, limit,
 * attachments, team}`, `team` only for members; and the text that the user typed into the page's form before the scripts ran.
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
    availability: given.availability ?? null,
    limit: given.limit ?? Infinity, // without a limit in the page, the server refuses what is too long
    attachments: given.attachments ?? FILE_LIMITS,
    team: given.team ?? null,
    written: input?.value ?? "",
    hadFocus: input !== null && document.activeElement === input,
  };
}

/** The newest page, for the client's `join`. Null if the page has none. */
export function latestOf({ conversation, page }) {
  return conversation && page ? { conversation, ...page } : null;
}

/** The data of a view in the form of the page's JSON element, for a later view. */
export function seedOf({ conversation, view }, people, limit) {
  const messages = view.messages.filter((message) => message.seq !== null).slice(-SEEDED);
  const hasOlder = view.snapshot.hasOlder || messages.length === SEEDED;
  // The conversation in lists may have a higher `rev` than the messages. The next view starts from the messages.
  const seen = conversation && { ...conversation, rev: Math.min(conversation.rev, view.rev) };
  return { conversation: seen, messages, hasOlder, people, limit };
}
