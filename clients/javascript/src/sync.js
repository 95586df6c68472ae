import { isPermanent } from "./errors.js";

const BATCH_DELAY = 50; // milliseconds in which conversations are gathered for one request
const MOST = 200; // conversations in one sync
const RETRY = 2_000; // milliseconds until the next attempt; doubled each time, up to MAX_RETRY
const MAX_RETRY = 60_000;
const MAX_ATTEMPTS = 3; // failed syncs in a row, after which the conversations are fetched by REST

/** Fetches missed changes with `sync`: one request at a time, for all conversations that are behind at that moment. */
export class SyncRequester {
  #connection;
  #clock;
  #store;
  #notifications;
  #handlers;
  #wanted = new Set();
  #general = false;
  #timer = null;
  #running = false;
  #failures = 0;

  /** `handlers`: `trouble(error)`. Unread counts go to the store, notifications to the feed. */
  constructor({ connection, clock, store, notifications }, handlers) {
    this.#connection = connection;
    this.#clock = clock;
    this.#store = store;
    this.#notifications = notifications;
    this.#handlers = handlers;
  }

  /** This conversation is behind. */
  want(view) {
    this.#wanted.add(view);
    this.#start(BATCH_DELAY);
  }

  /** Unread counts and notifications may be behind. */
  wantGeneral() {
    this.#general = true;
    this.#start(BATCH_DELAY);
  }

  forget(view) {
    this.#wanted.delete(view);
  }

  /** Without a socket no answer will arrive. A reconnect starts again. */
  clear() {
    this.#wanted.clear();
    this.#general = false;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
  }

  #start(delay) {
    if (this.#timer !== null || this.#running) return;
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = null;
      this.#run();
    }, delay);
  }

  async #run() {
    const views = [...this.#wanted].slice(0, MOST);
    for (const view of views) this.#wanted.delete(view);
    const wasGeneral = this.#general;
    this.#general = false;
    this.#running = true;
    let delay = BATCH_DELAY;
    try {
      await this.#ask(views);
      this.#failures = 0;
    } catch (error) {
      if (error.code !== "disconnected") {
        this.#handlers.trouble(error);
        this.#failures += 1;
        const growing = Math.min(MAX_RETRY, RETRY * 2 ** (this.#failures - 1));
        delay = error.retryAfter?.(growing) ?? growing;
        this.#general ||= wasGeneral;
        if (isPermanent(error) || this.#failures >= MAX_ATTEMPTS) for (const view of views) view.load();
        else for (const view of views) this.#wanted.add(view);
      }
    } finally {
      this.#running = false;
    }
    if (this.#wanted.size || this.#general) this.#start(delay);
  }

  async #ask(views) {
    const conversations = Object.fromEntries(views.map((view) => [view.id, view.rev]));
    const after = this.#notifications.after;
    const data = { conversations, ...(after && { notificationsAfter: after }) };
    const counts = this.#store.startCount();
    try {
      const answer = await this.#connection.request("sync", data);
      for (const view of views) view.synced(answer.conversations[view.id]);
      counts.take(answer.unread);
      this.#notifications.synced(answer, after);
    } finally {
      counts.end();
    }
  }
}
