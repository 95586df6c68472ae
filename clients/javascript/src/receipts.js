import { ChatError, isPassing, isPermanent } from "./errors.js";

const BATCH_DELAY = 50; // milliseconds
const MOST = 500; // ids in one mark_read
const RETRY = 1_000; // milliseconds until the next attempt; doubled each time, up to MAX_RETRY
const MAX_RETRY = 30_000;
const MAX_ATTEMPTS = 5; // attempts without a server do not count

/** Gathers read messages into few `mark_read` commands. It does not send a message again while its command is pending. */
export class ReadReceipts {
  #connection;
  #clock;
  #handlers;
  #waiting = new Map(); // conversation → ids to send
  #marks = new Map(); // conversation → the `seq` up to which everything was read, to send
  #told = new Map(); // conversation → ids sent on this socket
  #failures = new Map(); // conversation → {attempts, delay} of its failures in a row
  #sending = new Map(); // conversation → a promise of the end of its requests
  #timer = null;

  /** `handlers`: `marked(answer)` and `trouble(error)`. */
  constructor(connection, clock, handlers) {
    this.#connection = connection;
    this.#clock = clock;
    this.#handlers = handlers;
  }

  add(conversationId, messageIds) {
    const told = this.#told.get(conversationId);
    const fresh = messageIds.filter((id) => !told?.has(id));
    if (!fresh.length) return;
    this.#wait(conversationId, fresh);
    this.#later(BATCH_DELAY);
  }

  /** Everything up to this `seq` was read, also messages that are not loaded. */
  addUpTo(conversationId, seq) {
    if (seq <= (this.#marks.get(conversationId) ?? 0)) return;
    this.#marks.set(conversationId, seq);
    this.#later(BATCH_DELAY);
  }

  /** Resolves when the server has everything that was read in this conversation. Throws `disconnected` if it cannot. */
  async sent(conversationId) {
    if (this.#isWaiting(conversationId)) this.#flush();
    await this.#sending.get(conversationId);
    // Without a connection it was not sent, and after a failure it is sent again.
    if (this.#isWaiting(conversationId)) throw new ChatError("disconnected", "What was read is not sent yet.");
  }

  reconnected() {
    this.#told.clear();
    if (this.#waiting.size || this.#marks.size) this.#later(BATCH_DELAY);
  }

  /** These are read now, so forget them. */
  confirmed(conversationId, messageIds) {
    const told = this.#told.get(conversationId);
    for (const id of messageIds) told?.delete(id);
    if (told?.size === 0) this.#told.delete(conversationId);
  }

  #isWaiting(conversationId) {
    return [this.#waiting, this.#marks, this.#failures].some((held) => held.has(conversationId));
  }

  #wait(conversationId, messageIds) {
    const waiting = this.#waiting.get(conversationId) ?? new Set();
    this.#waiting.set(conversationId, waiting);
    for (const id of messageIds) waiting.add(id);
  }

  #later(delay) {
    this.#timer ??= this.#clock.setTimeout(() => {
      this.#timer = null;
      this.#flush();
    }, delay);
  }

  #flush() {
    if (!this.#connection.isReady) return; // `reconnected` sends them
    for (const [conversationId, seq] of this.#marks) this.#tellUpTo(conversationId, seq);
    this.#marks.clear();
    for (const [conversationId, waiting] of this.#waiting) {
      const ids = [...waiting];
      for (let start = 0; start < ids.length; start += MOST) this.#tell(conversationId, ids.slice(start, start + MOST));
    }
    this.#waiting.clear();
  }

  async #tell(conversationId, messageIds) {
    const told = this.#told.get(conversationId) ?? new Set();
    this.#told.set(conversationId, told);
    for (const id of messageIds) told.add(id);
    const error = await this.#request(conversationId, { messageIds });
    if (error?.code === "disconnected") return this.#wait(conversationId, messageIds); // `reconnected` sends them
    if (error) this.confirmed(conversationId, messageIds);
    return this.#settle(conversationId, error, () => this.add(conversationId, messageIds));
  }

  async #tellUpTo(conversationId, seq) {
    const error = await this.#request(conversationId, { seq });
    const again = () => this.addUpTo(conversationId, seq);
    return error?.code === "disconnected" ? again() : this.#settle(conversationId, error, again);
  }

  /** Resolves with the error, if there was one. */
  #request(conversationId, data) {
    const request = this.#connection.request("mark_read", { conversationId, ...data });
    const done = request.then(
      (answer) => {
        this.#handlers.marked(answer);
        return null;
      },
      (error) => error,
    );
    const all = Promise.all([this.#sending.get(conversationId), done]).then(() => {
      if (this.#sending.get(conversationId) === all) this.#sending.delete(conversationId);
    });
    this.#sending.set(conversationId, all);
    return done;
  }

  /** Try again later, a few times, unless the server finally refused. */
  #settle(conversationId, error, again) {
    if (error === null) return void this.#failures.delete(conversationId);
    this.#handlers.trouble(error);
    const before = this.#failures.get(conversationId) ?? { attempts: 0, delay: RETRY / 2 };
    const attempts = before.attempts + (isPassing(error) ? 0 : 1);
    if (isPermanent(error) || attempts >= MAX_ATTEMPTS) return void this.#failures.delete(conversationId);
    const delay = Math.min(2 * before.delay, MAX_RETRY);
    this.#failures.set(conversationId, { attempts, delay });
    this.#clock.setTimeout(again, Math.max(delay, error.retryAfter?.(0) ?? 0));
    return undefined;
  }
}
