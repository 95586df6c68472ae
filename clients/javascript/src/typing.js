import { isWithin } from "./clock.js";

const REPEAT = 3_000; // milliseconds; the server ends typing after six seconds
const IDLE = 3_000; // milliseconds without a keystroke until typing stops
const REMOTE_END = 7_000; // milliseconds, in case the stop was lost

/** The user's own typing. Call `start` on every keystroke. It calls `send(name, conversationId)` when necessary. */
export class LocalTyping {
  #clock;
  #send;
  #running = new Map();

  constructor(clock, send) {
    this.#clock = clock;
    this.#send = send;
  }

  start(conversationId) {
    const now = this.#clock.now();
    const running = this.#running.get(conversationId);
    if (running) this.#clock.clearTimeout(running.idle);
    const toldAt = running && isWithin(this.#clock, running.toldAt, REPEAT) ? running.toldAt : now;
    const idle = this.#clock.setTimeout(() => this.stop(conversationId), IDLE);
    this.#running.set(conversationId, { toldAt, idle });
    if (toldAt === now && running?.toldAt !== now) this.#send("typing_start", conversationId);
  }

  stop(conversationId) {
    if (this.forget(conversationId)) this.#send("typing_stop", conversationId);
  }

  /** Stop without a command, because the server ends typing when a message is sent or the socket closes. */
  forget(conversationId) {
    const running = this.#running.get(conversationId);
    if (running) this.#clock.clearTimeout(running.idle);
    return this.#running.delete(conversationId);
  }

  clear() {
    for (const conversationId of [...this.#running.keys()]) this.forget(conversationId);
  }
}

/** Who else is typing in one conversation. `userIds` is replaced on each change. */
export class RemoteTyping {
  userIds = Object.freeze([]);
  #clock;
  #changed;
  #ends = new Map();

  constructor(clock, changed) {
    this.#clock = clock;
    this.#changed = changed;
  }

  set(userId, isTyping) {
    const was = this.#ends.has(userId);
    this.#clock.clearTimeout(this.#ends.get(userId));
    if (isTyping) this.#ends.set(userId, this.#clock.setTimeout(() => this.set(userId, false), REMOTE_END));
    else this.#ends.delete(userId);
    if (was !== isTyping) this.#tell();
  }

  clear() {
    if (!this.#ends.size) return;
    for (const timer of this.#ends.values()) this.#clock.clearTimeout(timer);
    this.#ends.clear();
    this.#tell();
  }

  #tell() {
    this.userIds = Object.freeze([...this.#ends.keys()]);
    this.#changed();
  }
}
