import { Conversation } from "./conversation.js";
import { isPermanent } from "./errors.js";

const RETRY = 2_000; // milliseconds until the second attempt of a join; doubled each time, up to MAX_RETRY
const MAX_RETRY = 60_000;

/** The open conversations: joins them on every new socket, and passes events to them. */
export class JoinedConversations {
  #host;
  #connection;
  #syncRequester;
  #clock;
  #entries = new Map();

  constructor({ host, connection, syncRequester, clock }) {
    this.#host = host;
    this.#connection = connection;
    this.#syncRequester = syncRequester;
    this.#clock = clock;
  }

  get(id) {
    return this.#entries.get(id)?.view;
  }

  /** Each caller leaves once. The last one ends the view. With `initial`, the view does not fetch this data first. */
  join(id, initial = null) {
    const entry = this.#entries.get(id);
    if (entry) {
      entry.users += 1;
      return entry.view;
    }
    const view = new Conversation(id, this.#host, initial);
    this.#entries.set(id, { view, users: 1 });
    this.#join(view);
    return view;
  }

  leave(view) {
    const entry = this.#entries.get(view.id);
    if (entry?.view !== view || --entry.users > 0) return;
    this.#entries.delete(view.id);
    this.#syncRequester.forget(view);
    view.close();
    this.#tellLeft(view.id);
  }

  /** A new socket has joined nothing. The answer to the join has the latest `rev`, which shows what was missed. */
  connected() {
    for (const { view } of this.#entries.values()) {
      view.wake();
      this.#join(view);
    }
  }

  disconnected() {
    for (const { view } of this.#entries.values()) view.clearTyping();
  }

  receive(event) {
    this.get(event.data.conversationId)?.receive(event);
  }

  /** An open conversation that the heartbeat lacks is gone or not joined yet. A sync finds out. */
  compare(revs) {
    for (const [id, { view }] of this.#entries) {
      if (revs[id] && revs[id].rev >= view.rev && isOwnKnown(revs[id], view)) view.expect(revs[id].rev);
      else if (view.status === "ready") this.#syncRequester.want(view);
    }
  }

  touch(id) {
    this.get(id)?.touch();
  }

  async #join(view, delay = RETRY) {
    if (!this.#connection.isReady || this.get(view.id) !== view) return;
    const since = view.rev;
    try {
      const answer = await this.#connection.request("join_conversation", { conversationId: view.id });
      if (answer.rev < since) this.#syncRequester.want(view); // the server was restored from a backup
      else view.expect(answer.rev, { atOnce: true });
    } catch (error) {
      if (error.code === "disconnected") return; // the next socket joins
      if (isPermanent(error) && error.code !== "too_large") return view.markGone();
      this.#host.tell("trouble", error);
      this.#clock.setTimeout(() => this.#join(view, Math.min(2 * delay, MAX_RETRY)), error.retryAfter?.(delay) ?? delay);
    }
  }

  #tellLeft(conversationId) {
    if (!this.#connection.isReady) return;
    this.#connection
      .request("leave_conversation", { conversationId })
      .catch((error) => error.code === "disconnected" || this.#host.tell("trouble", error));
  }
}

/** Only `stateRev` counts the changes of a person's own state. */
function isOwnKnown({ stateRev }, { conversation }) {
  return stateRev === undefined || !conversation || stateRev <= (conversation.own?.stateRev ?? 0);
}
