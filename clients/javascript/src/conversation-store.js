import { systemClock } from "./clock.js";

const LONGEST_TIMER = 2 ** 31 - 1; // milliseconds; browsers run a longer one at once

/** The known conversations, and their unread counts. Objects are replaced, never changed. */
export class ConversationStore {
  #changed;
  #conversations = new Map();
  #list = null;
  #counts = new Set();
  #muted = new Map(); // conversation → the time until which it is muted, or null
  #clock;
  #timer = null;
  unread = Object.freeze({ total: 0, muted: 0, mutedIds: Object.freeze([]), conversations: Object.freeze({}) });

  /** `changed(what, conversationId?)`: "conversations" or "unread". */
  constructor(changed, clock = systemClock) {
    this.#changed = changed;
    this.#clock = clock;
  }

  get(id) {
    return this.#conversations.get(id);
  }

  /** Newest activity first. */
  get list() {
    this.#list ??= Object.freeze([...this.#conversations.values()].sort(byActivity));
    return this.#list;
  }

  /**
   * Store a conversation from a fetch, an event or a sync, unless a newer one is known. An event for a whole side
   * has no `own`, so the known `own` stays.
   */
  put(conversation) {
    const held = this.#conversations.get(conversation.id);
    if (held && !isNewer(conversation, held)) return false;
    const own = newerOwn(conversation.own, held?.own);
    this.#conversations.set(conversation.id, Object.freeze(own ? { ...conversation, own } : conversation));
    this.#list = null;
    if (own) this.#muted.set(conversation.id, own.mutedUntil);
    this.setUnread(conversation.id, conversation.unreadCount, Boolean(own));
    this.#changed("conversations", conversation.id);
    return true;
  }

  /** Store the page of conversations that `fetch()` returns. */
  async takePage(fetch) {
    const before = new Map(this.list.map(({ id, rev }) => [id, rev]));
    const page = await fetch();
    for (const conversation of page.results) this.take(conversation, before.get(conversation.id));
    return page;
  }

  /** Store a fetched conversation. `since` is the `rev` that the client had before the fetch. */
  take(conversation, since = 0) {
    if (conversation.rev < since) this.replace(conversation);
    else this.put(conversation);
  }

  /** Store a fetched conversation, even with a lower `rev`, because the server may have been restored from a backup. */
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

  /** `recount`: whether it is muted may have changed. */
  setUnread(id, count, recount = false) {
    for (const touched of this.#counts) touched.add(id);
    const { [id]: before = 0, ...others } = this.unread.conversations;
    if (before === count && !recount) return;
    this.#replaceUnread(count > 0 ? { ...others, [id]: count } : others);
  }

  /**
   * Call before a fetch of all counts. Changes during the fetch are newer than its answer, so
   * `take(answer)` does not overwrite them. Always call `end()`.
   */
  startCount() {
    const touched = new Set();
    this.#counts.add(touched);
    return {
      take: (answer) => this.#takeCounts(answer, touched),
      end: () => this.#counts.delete(touched),
    };
  }

  #takeCounts({ conversations: answered, mutedUntil = {} }, touched) {
    const kept = Object.entries(this.unread.conversations).filter(([id]) => touched.has(id));
    const counts = Object.entries(answered).filter(([id]) => !touched.has(id));
    for (const id of this.#muted.keys()) if (!touched.has(id)) this.#muted.delete(id);
    for (const [id, until] of Object.entries(mutedUntil)) if (!touched.has(id)) this.#muted.set(id, until);
    this.#replaceUnread(Object.fromEntries([...counts, ...kept]));
  }

  /** A muted conversation keeps its own count, but does not add to the total. A mute ends by itself. */
  #replaceUnread(conversations) {
    const now = this.#clock.now();
    const sums = { total: 0, muted: 0 };
    const mutedIds = [];
    let end = Infinity;
    for (const [id, count] of Object.entries(conversations)) {
      const until = Date.parse(this.#muted.get(id) ?? "");
      if (until > now) {
        end = Math.min(end, until);
        mutedIds.push(id);
      }
      sums[until > now ? "muted" : "total"] += count;
    }
    this.unread = Object.freeze({ ...sums, mutedIds: Object.freeze(mutedIds), conversations: Object.freeze({ ...conversations }) });
    this.#wakeAt(end - now);
    this.#changed("unread");
  }

  #wakeAt(delay) {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
    if (delay > LONGEST_TIMER) return;
    this.#timer = this.#clock.setTimeout(() => this.#replaceUnread(this.unread.conversations), delay);
  }
}

/** Settings of one side or one person take no `rev`. With equal `rev`, `stateRev` decides, and then the time. */
function isNewer(given, held) {
  if (given.rev !== held.rev) return given.rev > held.rev;
  if (given.own && held.own && given.own.stateRev < held.own.stateRev) return false;
  return Date.parse(given.updatedAt) >= Date.parse(held.updatedAt);
}

function newerOwn(given, held) {
  return given && (!held || given.stateRev >= held.stateRev) ? given : held;
}

function byActivity(a, b) {
  return Date.parse(b.lastMessageAt ?? b.createdAt) - Date.parse(a.lastMessageAt ?? a.createdAt);
}
