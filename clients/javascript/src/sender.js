import { ChatError, isPermanent } from "./errors.js";

const TIMEOUT = 15_000; // milliseconds for an ack
const RETRY_REST = 5_000;
const MAX_ATTEMPTS = 8; // answers of `internal` to one message, before it is taken for the message's own fault
const FRAME_BYTES = 60_000; // a frame over 64 KiB costs the socket, and sending it again would cost the next one

/**
 * Sends what is in the outbox, one message at a time in each conversation, until the server has it or refuses it for
 * good. By the socket; or by REST, once there has been no socket for `restAfter` milliseconds.
 */
export class Sender {
  #outbox;
  #connection;
  #rest;
  #clock;
  #restAfter;
  #acked;
  #busy = new Set();
  #tries = new Map();
  #timers = new Set();
  #fallback = null;
  #byRest = false;
  #notBefore = 0;

  /** `acked(message)` is told what is stored now. */
  constructor({ outbox, connection, rest, clock, restAfter, acked }) {
    this.#outbox = outbox;
    this.#connection = connection;
    this.#rest = rest;
    this.#clock = clock;
    this.#restAfter = restAfter;
    this.#acked = acked;
  }

  /** The socket came or went. */
  connectionChanged(state) {
    if (state === "closed" || state === "signed_out") return this.stop();
    if (state === "ready") this.stop();
    else this.#fallback ??= this.#clock.setTimeout(() => this.#fallBack(), this.#restAfter);
    return this.pump();
  }

  /** Starts whatever can be sent now. Safe to call at any time. */
  pump() {
    if (!this.#connection.isReady && !this.#byRest) return;
    const wait = this.#notBefore - this.#clock.now();
    if (wait > 0) return this.#later(wait);
    for (const entry of this.#outbox.fronts()) {
      if (!this.#busy.has(entry.conversationId)) this.#deliver(entry);
    }
  }

  stop() {
    this.#byRest = false;
    this.#clock.clearTimeout(this.#fallback);
    this.#fallback = null;
    for (const timer of this.#timers) this.#clock.clearTimeout(timer);
    this.#timers.clear();
  }

  #fallBack() {
    this.#byRest = true;
    this.pump();
  }

  async #deliver(entry) {
    const { clientId, conversationId } = entry;
    this.#busy.add(conversationId);
    try {
      const message = await this.#transmit(entry);
      this.#tries.delete(clientId);
      this.#acked(message);
      this.#outbox.settle(clientId, message);
    } catch (error) {
      this.#refused(entry, error);
    } finally {
      this.#busy.delete(conversationId);
    }
    this.pump();
  }

  async #transmit({ conversationId, clientId, content, messageType, replyTo }) {
    const body = { content, messageType, clientId, ...(replyTo && { replyTo }) };
    if (new TextEncoder().encode(JSON.stringify(body)).length > FRAME_BYTES) {
      throw new ChatError("too_large", "The message is too long.");
    }
    if (!this.#connection.isReady) return this.#rest.post(`/chat/conversations/${conversationId}/messages`, body);
    const answer = await this.#connection.request("send_message", { conversationId, ...body }, TIMEOUT);
    return answer.message;
  }

  #refused({ clientId }, error) {
    const tries = (this.#tries.get(clientId) ?? 0) + 1;
    if (isPermanent(error) || (error.code === "internal" && tries >= MAX_ATTEMPTS)) {
      this.#tries.delete(clientId);
      this.#outbox.fail(clientId, error);
      return;
    }
    if (error.code === "internal") this.#tries.set(clientId, tries);
    this.#notBefore = Math.max(this.#notBefore, this.#clock.now() + this.#delayAfter(error, tries));
  }

  #delayAfter(error, tries) {
    switch (error.code) {
      case "disconnected":
        return 0; // there is no socket to hurry with; the next one starts at once
      case "timeout":
        if (this.#connection.isReady) this.#connection.beat(); // is anybody still there?
        return 1_000;
      case "rate_limited":
      case "unavailable":
        return error.retryAfter() * (1 + this.#clock.random());
      case "internal":
        return 500 * 2 ** tries;
      default:
        return RETRY_REST * (1 + this.#clock.random()); // REST cannot be reached either, or wants other credentials
    }
  }

  #later(wait) {
    const timer = this.#clock.setTimeout(() => {
      this.#timers.delete(timer);
      this.pump();
    }, wait);
    this.#timers.add(timer);
  }
}
