/**
 * The messages to show: the newest ones of the conversation's view, or an excerpt of the history. Until the
 * view's first fetch is complete, the ones in the page.
 */
export class MessageSource {
  #view;
  #initial;
  #excerpt = null;
  #changed;
  #withChanges;
  #loading = { older: null, newer: null };

  /**
   * `initial`: `{messages, hasOlder}` of the newest page. `changed()`, `stale(seq)`: see the client's `Excerpt`;
   * `withChanges(messages)`: see the client.
   */
  constructor(view, initial, { changed, stale, withChanges }) {
    this.#view = view;
    this.#withChanges = withChanges;
    this.#initial = initial;
    this.#changed = changed;
    this.stale = stale;
  }

  get isLatest() {
    return this.#excerpt === null;
  }

  get messages() {
    return this.#withChanges(this.#stored);
  }

  get #stored() {
    if (this.#excerpt) return this.#excerpt.messages;
    const { status, messages } = this.#view;
    return status === "loading" && this.#initial ? withInitial(this.#initial.messages, messages) : messages;
  }

  get hasOlder() {
    if (this.#excerpt) return this.#excerpt.hasOlder;
    return this.#view.status === "loading" ? Boolean(this.#initial?.hasOlder) : this.#view.snapshot.hasOlder;
  }

  get hasNewer() {
    return this.#excerpt?.hasNewer ?? false;
  }

  /** The message with this id, if it is loaded anywhere. */
  find(messageId) {
    const initial = () => this.#initial?.messages.find((message) => message.id === messageId);
    return this.#excerpt?.find(messageId) ?? this.#view.find(messageId) ?? initial();
  }

  /** Fetch the next page on that side. Calls during the fetch get the same promise. */
  load(side) {
    this.#loading[side] ??= this.#load(side).finally(() => (this.#loading[side] = null));
    return this.#loading[side];
  }

  isLoading(side) {
    return this.#loading[side] !== null;
  }

  async #load(side) {
    if (side === "newer") return this.#excerpt?.loadNewer();
    if (this.#excerpt) return this.#excerpt.loadOlder();
    await this.#view.ready();
    return this.#view.loadOlder();
  }

  /** Whether the message with this `seq` is loaded. */
  holds(seq) {
    const first = this.messages.find((message) => message.seq !== null);
    const last = this.messages.findLast((message) => message.seq !== null);
    return Boolean(first) && first.seq <= seq && seq <= last.seq;
  }

  /** Switch to the messages around this `seq`. */
  async open(seq) {
    if (this.holds(seq)) return;
    const newest = this.#view.messages.find((message) => message.seq !== null);
    if (newest && this.#view.status === "ready" && seq >= newest.seq) return this.latest();
    const excerpt = await this.#view.excerpt(seq);
    this.latest();
    this.#excerpt = excerpt;
    excerpt.on("change", () => this.#changed());
    excerpt.on("joined", () => this.#end(excerpt));
    excerpt.on("stale", () => this.#end(excerpt) && this.stale(seq));
    this.#changed();
  }

  /** Switch back to the newest messages. */
  latest() {
    if (!this.#excerpt) return;
    this.#excerpt.close();
    this.#end(this.#excerpt);
  }

  #end(excerpt) {
    if (this.#excerpt !== excerpt) return false;
    this.#excerpt = null;
    this.#changed();
    return true;
  }
}

function withInitial(initial, live) {
  const known = new Set(live.map((message) => message.id));
  return [...initial.filter((message) => !known.has(message.id)), ...live];
}
