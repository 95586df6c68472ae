import { Conversation } from "./conversation.js";
import { isPermanent } from "./errors.js";

const RETRY = 2_000;

/** The conversations that we look at: joins them on every new socket, and leads events to them. */
export class Rooms {
  #host;
  #connection;
  #synchroniser;
  #clock;
  #views = new Map();

  constructor({ host, connection, synchroniser, clock }) {
    this.#host = host;
    this.#connection = connection;
    this.#synchroniser = synchroniser;
    this.#clock = clock;
  }

  get(id) {
    return this.#views.get(id)?.view;
  }

  /** Whoever enters leaves once; the last one who leaves ends the view. */
  enter(id) {
    const room = this.#views.get(id);
    if (room) {
      room.visitors += 1;
      return room.view;
    }
    const view = new Conversation(id, this.#host);
    this.#views.set(id, { view, visitors: 1 });
    this.#join(view);
    return view;
  }

  leave(view) {
    const room = this.#views.get(view.id);
    if (room?.view !== view || --room.visitors > 0) return;
    this.#views.delete(view.id);
    this.#synchroniser.forget(view);
    view.close();
    this.#tellLeft(view.id);
  }

  /** A fresh socket has joined nothing. What it missed shows when the join answers how far things have come. */
  connected() {
    for (const { view } of this.#views.values()) this.#join(view);
  }

  disconnected() {
    for (const { view } of this.#views.values()) view.quiet();
  }

  receive(event) {
    this.get(event.data.conversationId)?.receive(event);
  }

  /** What has no head although we look at it is gone, or not joined yet: a sync tells. */
  heads(heads) {
    for (const [id, { view }] of this.#views) {
      if (heads[id]) view.expect(heads[id].rev);
      else if (view.status === "ready") this.#synchroniser.want(view);
    }
  }

  touch(id) {
    this.get(id)?.touch();
  }

  close() {
    for (const { view } of this.#views.values()) view.close();
    this.#views.clear();
  }

  async #join(view) {
    if (!this.#connection.isReady || this.get(view.id) !== view) return;
    try {
      const head = await this.#connection.request("join_conversation", { conversationId: view.id });
      view.expect(head.rev, { atOnce: true });
    } catch (error) {
      if (error.code === "disconnected") return; // the next socket joins
      if (isPermanent(error) && error.code !== "too_large") return view.vanish();
      this.#host.tell("trouble", error);
      this.#clock.setTimeout(() => this.#join(view), error.retryAfter?.(RETRY) ?? RETRY);
    }
  }

  #tellLeft(conversationId) {
    if (!this.#connection.isReady) return;
    this.#connection
      .request("leave_conversation", { conversationId })
      .catch((error) => error.code === "disconnected" || this.#host.tell("trouble", error));
  }
}
