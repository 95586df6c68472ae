/** The conversations that we have heard of, and what is unread in them. Objects are replaced, never changed. */
export class ConversationStore {
  #changed;
  #conversations = new Map();
  #list = null;
  #counts = new Set();
  unread = Object.freeze({ total: 0, conversations: Object.freeze({}) });

  /** `changed(what, conversationId?)`: "conversations" or "unread". */
  constructor(changed) {
    this.#changed = changed;
  }

  get(id) {
    return this.#conversations.get(id);
  }

  /** Newest activity first. */
  get list() {
    this.#list ??= Object.freeze([...this.#conversations.values()].sort(byActivity));
    return this.#list;
  }

  /** Takes a conversation from a fetch, an event or a sync; an older one than we have is passed over. */
  put(conversation) {
    const held = this.#conversations.get(conversation.id);
    if (held && !isNewer(conversation, held)) return false;
    this.#conversations.set(conversation.id, Object.freeze(conversation));
    this.#list = null;
    this.setUnread(conversation.id, conversation.unreadCount);
    this.#changed("conversations", conversation.id);
    return true;
  }

  /** Takes a conversation that was fetched anew, although its `rev` may be lower: the server was restored from a backup. */
  replace(conversation) {
    this.#conversations.delete(conversation.id);
    this.put(conversation);
  }

  drop(id) {
    if (!this.#conversations.delete(id)) return;
    this.#list = null;
    this.setUnread(id, 0);
    this.#changed("conversations", id);
  }

  setUnread(id, count) {
    for (const touched of this.#counts) touched.add(id);
    const { [id]: before = 0, ...others } = this.unread.conversations;
    if (before === count) return;
    const conversations = count > 0 ? { ...others, [id]: count } : others;
    this.#replaceUnread(this.unread.total - before + count, conversations);
  }

  /**
   * All counts at once are about to be asked for. What changes until they are answered is newer than the answer:
   * `take(answer)` leaves it alone. `end()` is to be called in any case.
   */
  startCount() {
    const touched = new Set();
    this.#counts.add(touched);
    return {
      take: ({ conversations }) => this.#takeCounts(conversations, touched),
      end: () => this.#counts.delete(touched),
    };
  }

  #takeCounts(answered, touched) {
    const kept = Object.entries(this.unread.conversations).filter(([id]) => touched.has(id));
    const counts = Object.entries(answered).filter(([id]) => !touched.has(id));
    const conversations = Object.fromEntries([...counts, ...kept]);
    this.#replaceUnread(Object.values(conversations).reduce((sum, count) => sum + count, 0), conversations);
  }

  #replaceUnread(total, conversations) {
    this.unread = Object.freeze({ total, conversations: Object.freeze({ ...conversations }) });
    this.#changed("unread");
  }
}

/** Archiving takes no `rev`, so among equals the time decides. */
function isNewer(given, held) {
  if (given.rev !== held.rev) return given.rev > held.rev;
  return Date.parse(given.updatedAt) >= Date.parse(held.updatedAt);
}

function byActivity(a, b) {
  return Date.parse(b.lastMessageAt ?? b.createdAt) - Date.parse(a.lastMessageAt ?? a.createdAt);
}
