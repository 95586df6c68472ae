const BATCH_DELAY = 50; // milliseconds
const MOST = 200; // users in one request

/** The presence of the users that callers asked about. `all` is replaced on each change. */
export class Presence {
  all = new Map();
  #rest;
  #clock;
  #handlers;
  #wanted = new Set();
  #asked = new Set();
  #fetched = new Map(); // user → the ids of the fetch whose answer counts; an event is newer than the answer
  #timer = null;
  #isOff = true; // until there is a socket, because earlier answers would have to be fetched again

  /** `handlers`: `changed(userId, {online, lastSeen})` and `trouble(error)`. */
  constructor(rest, clock, handlers) {
    this.#rest = rest;
    this.#clock = clock;
    this.#handlers = handlers;
  }

  isOnline(userId) {
    this.watch(userId);
    return this.all.get(userId)?.online ?? false;
  }

  /** Follow this user: fetch the presence once, and then keep it up to date by events. */
  watch(userId) {
    if (!userId || this.#asked.has(userId)) return;
    this.#asked.add(userId);
    if (this.#isOff) return; // `refresh` fetches
    this.#wanted.add(userId);
    this.#timer ??= this.#clock.setTimeout(() => this.#fetch(), BATCH_DELAY);
  }

  /** An event says so. */
  set(userId, online, lastSeen) {
    this.#fetched.delete(userId);
    this.#put(userId, online, lastSeen);
  }

  /** Events may have been missed: fetch everybody's presence again. */
  refresh() {
    this.#isOff = false;
    const known = [...this.#asked];
    this.#asked.clear();
    for (const userId of known) this.watch(userId);
  }

  /** No events arrive until `refresh`. */
  forget() {
    this.clear();
    this.#isOff = true;
    this.#asked.clear();
    this.#wanted.clear();
    this.#fetched.clear();
    for (const [userId, { lastSeen }] of this.all) this.set(userId, false, lastSeen);
  }

  clear() {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
  }

  #put(userId, online, lastSeen = null) {
    const before = this.all.get(userId);
    const now = Object.freeze({ online, lastSeen: lastSeen ?? before?.lastSeen ?? null });
    if (before?.online === now.online && before.lastSeen === now.lastSeen) return;
    this.all = new Map(this.all).set(userId, now);
    this.#handlers.changed(userId, now);
  }

  async #fetch() {
    this.#timer = null;
    const userIds = [...this.#wanted].slice(0, MOST);
    for (const userId of userIds) {
      this.#wanted.delete(userId);
      this.#fetched.set(userId, userIds);
    }
    if (this.#wanted.size) this.#timer = this.#clock.setTimeout(() => this.#fetch(), BATCH_DELAY);
    try {
      const { results } = await this.#rest.get("/presence", { userIds: userIds.join(",") });
      for (const { userId, online, lastSeen } of results) {
        if (this.#fetched.get(userId) === userIds) this.#put(userId, online, lastSeen);
      }
    } catch (error) {
      for (const userId of userIds) this.#asked.delete(userId); // the next call tries again
      this.#handlers.trouble(error);
    }
  }
}
