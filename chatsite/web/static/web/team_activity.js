const REPEAT = 20_000; // as the protocol says: repeat every 20 seconds, forget after 45
const FORGET = 45_000;
const ANSWERING = 5_000; // milliseconds after the last key until the user no longer counts as answering

/** Knows which colleagues view or answer which conversation, and reports what this user views. */
export class TeamActivity {
  #client;
  #isMember;
  #views = new Map();
  #listeners = new Set();
  #looking = null;
  #answering = false;
  #idle = null;

  constructor(client, { isMember }) {
    this.#client = client;
    this.#isMember = isMember;
    if (!isMember) return;
    client.on("ready", () => this.#report());
    client.on("colleague_looking", (view) => this.#onView(view));
    client.on("state", (state) => state === "ready" || this.#forgetAll());
    document.addEventListener("visibilitychange", () => this.#report());
    setInterval(() => this.#refresh(), REPEAT);
  }

  on(listener) {
    this.#listeners.add(listener);
  }

  /** The colleagues who view this conversation, each once, those who answer first. */
  of(conversationId) {
    const found = new Map();
    for (const view of this.#views.values()) {
      if (view.conversationId !== conversationId) continue;
      const answering = view.answering || found.get(view.userId)?.answering || false;
      found.set(view.userId, { userId: view.userId, name: view.name, answering });
    }
    return [...found.values()].sort((a, b) => b.answering - a.answering || a.name.localeCompare(b.name));
  }

  /** Set what the user views: a conversation of the user's business, or null. */
  look(conversationId) {
    if (this.#looking === conversationId) return;
    this.#looking = conversationId;
    this.#answering = false;
    clearTimeout(this.#idle);
    this.#report();
  }

  /** Call on every key in the viewed conversation. */
  write() {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#setAnswering(false), ANSWERING);
    this.#setAnswering(true);
  }

  stopWriting() {
    clearTimeout(this.#idle);
    this.#setAnswering(false);
  }

  #setAnswering(answering) {
    if (this.#answering === answering || !this.#looking) return;
    this.#answering = answering;
    this.#report();
  }

  #report() {
    if (!this.#isMember || !this.#client.isConnected) return;
    const conversationId = document.hidden ? null : this.#looking;
    const said = { conversationId, answering: this.#answering && conversationId !== null };
    // No matter: the next repetition sends it again.
    this.#client.request("look", said).catch(() => undefined);
  }

  #onView({ viewId, userId, name, conversationId, answering }) {
    if (conversationId) this.#views.set(viewId, { userId, name, conversationId, answering, at: Date.now() });
    else this.#views.delete(viewId);
    this.#changed();
  }

  #refresh() {
    if (this.#looking) this.#report();
    const before = this.#views.size;
    for (const [id, { at }] of this.#views) if (Math.abs(Date.now() - at) > FORGET) this.#views.delete(id);
    if (this.#views.size !== before) this.#changed();
  }

  #forgetAll() {
    if (!this.#views.size) return;
    this.#views.clear();
    this.#changed();
  }

  #changed() {
    for (const listener of this.#listeners) listener();
  }
}
