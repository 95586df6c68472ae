import { isMuted } from "./conversation_actions.js";

const RECENT = 60_000; // milliseconds: an older message of an unknown conversation is not new

/** Reports unread messages that arrive in conversations that the user is not looking at and has not muted. */
export class NewMessages {
  #client;
  #isLooking;
  #known = new Map(); // conversation id → its last known unread count
  #listeners = new Set();

  /** `isLooking(conversationId)`: whether the user is looking at it. */
  constructor(client, isLooking) {
    this.#client = client;
    this.#isLooking = isLooking;
    this.#rememberCounts(client.snapshot.conversations);
    // After the listeners of `conversation_updated`, which compare with the count that was known before.
    client.on("conversations", (all) => queueMicrotask(() => this.#rememberCounts(all)));
    client.on("conversation_updated", ({ conversation }) => this.#onUpdated(conversation));
  }

  /** Calls `listener(conversation)` for each. */
  on(listener) {
    this.#listeners.add(listener);
  }

  #rememberCounts(all) {
    // A count goes down without an event if another device has read during an absence.
    for (const { id, unreadCount } of all) if (!(this.#known.get(id) <= unreadCount)) this.#known.set(id, unreadCount);
  }

  #onUpdated(conversation) {
    const { id, unreadCount } = conversation;
    const before = this.#known.get(id) ?? (isRecent(conversation) ? 0 : unreadCount);
    this.#known.set(id, unreadCount);
    if (unreadCount <= before || this.#isLooking(id)) return;
    // An event for a whole side has no `own`. The client has kept it.
    const kept = this.#client.snapshot.conversations.find((one) => one.id === id);
    if (kept && isMuted(kept)) return;
    for (const listener of this.#listeners) listener(conversation);
  }
}

function isRecent({ lastMessageAt }) {
  return lastMessageAt !== null && Date.now() - Date.parse(lastMessageAt) < RECENT;
}
