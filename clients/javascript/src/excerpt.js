import { Emitter } from "./emitter.js";
import { fetchNewer, fetchOlder } from "./history.js";
import { Timeline } from "./timeline.js";

/**
 * A part of a conversation's history far from its newest messages, kept up to date like these. It emits `change` for each
 * change; `joined` when it has reached the view's own messages, which contain all of it from then on; and `stale`
 * when the conversation was fetched again, and the excerpt must be reopened.
 */
export class Excerpt extends Emitter {
  #id;
  #rest;
  #newest; // the timeline that ends at the newest message and has the latest `rev`
  #timeline;
  #waiting = null;
  #passing = null; // events during the fetch of a page
  #close;

  /** `close()` removes it from the view. */
  constructor({ id, rest, timeline }, close) {
    super();
    this.#id = id;
    this.#rest = rest;
    this.#newest = timeline;
    this.#close = close;
    this.#timeline = new Timeline(id);
  }

  get messages() {
    return this.#timeline.messages;
  }

  get hasOlder() {
    return this.#timeline.hasOlder;
  }

  get hasNewer() {
    return this.#timeline.hasNewer;
  }

  find(messageId) {
    return this.#timeline.get(messageId);
  }

  /** Fetch the messages around this `seq`. */
  open(seq) {
    return this.#fetch(
      () => fetchOlder(this.#rest, this.#id, seq + 25),
      ({ messages, hasOlder }, rev) => {
        this.#timeline.reset(messages, { rev, hasOlder });
        this.#timeline.hasNewer = this.#timeline.newestSeq < this.#newest.newestSeq;
      },
    );
  }

  /** Fetch the page before. Returns whether there are more. */
  async loadOlder() {
    if (this.hasOlder) {
      const oldest = this.#timeline.oldestSeq;
      await this.#fetch(
        () => fetchOlder(this.#rest, this.#id, oldest),
        (page, rev) => this.#timeline.prepend(page.messages, { rev, hasOlder: page.hasOlder }),
      );
    }
    return this.hasOlder;
  }

  /** Fetch the page after. Returns whether there are more. */
  async loadNewer() {
    if (this.hasNewer) {
      const newest = this.#timeline.newestSeq;
      await this.#fetch(
        () => fetchNewer(this.#rest, this.#id, newest),
        (page, rev) => this.#timeline.append(page.messages, { rev, hasNewer: page.hasNewer }),
      );
    }
    return this.hasNewer;
  }

  close() {
    this.#close();
  }

  /** Apply a live event, in order. */
  apply(event) {
    this.#now(() => this.#timeline.apply(event));
  }

  /** Apply the messages of a sync. */
  catchUp(messages) {
    this.#now(() => this.#timeline.catchUp(messages, 0));
  }

  #now(change) {
    this.#passing?.push(change);
    if (change().length) this.emit("change", this);
  }

  /** Fetch one page at a time; concurrent callers share it. Events during the fetch are applied again. */
  #fetch(ask, take) {
    this.#waiting ??= (async () => {
      const { rev } = this.#newest;
      this.#passing = [];
      try {
        take(await ask(), rev);
        for (const again of this.#passing) again();
      } finally {
        this.#passing = null;
        this.#waiting = null;
      }
      this.emit("change", this);
    })();
    return this.#waiting;
  }
}

/** The open excerpts of one conversation. */
export class Excerpts {
  #host;
  #open = new Set();

  /** `host`: id, rest, timeline, and `join(excerpt)`, which returns whether it has become part of the view. */
  constructor(host) {
    this.#host = host;
  }

  async open(seq) {
    const excerpt = new Excerpt(this.#host, () => this.#open.delete(excerpt));
    this.#open.add(excerpt);
    excerpt.on("change", () => this.#join(excerpt));
    try {
      await excerpt.open(seq);
    } catch (error) {
      excerpt.close();
      throw error;
    }
    return excerpt;
  }

  apply(event) {
    for (const excerpt of this.#open) excerpt.apply(event);
  }

  catchUp(messages) {
    for (const excerpt of this.#open) excerpt.catchUp(messages);
  }

  /** Excerpts may have gaps now. */
  markStale() {
    const stale = [...this.#open];
    this.clear();
    for (const excerpt of stale) excerpt.emit("stale", excerpt);
  }

  clear() {
    this.#open.clear();
  }

  #join(excerpt) {
    if (!this.#open.has(excerpt) || !this.#host.join(excerpt)) return;
    this.#open.delete(excerpt);
    excerpt.emit("joined", excerpt);
  }
}
