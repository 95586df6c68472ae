import { MAX_FRAME_BYTES, byteLength, encodeJson } from "./encoding.js";
import { ChatError, isPermanent } from "./errors.js";
import { Code } from "./socket.js";

const TIMEOUT = 15_000; // milliseconds for an ack
const REST_DELAY = 5_000; // milliseconds between two attempts by REST
const MAX_DELAY = 60_000;

/**
 * Attempts for one message until it is marked as failed, by the error of the last attempt. The codes with `Infinity` say
 * nothing about the message: the server asks to retry, or there is no server or no session yet.
 */
const MAX_ATTEMPTS = {
  rate_limited: Infinity,
  unavailable: Infinity,
  unreachable: Infinity,
  unauthenticated: Infinity,
  disconnected: 20,
  internal: 8,
};
const OTHER_ATTEMPTS = 5; // a timeout, a code that this client does not know, a refusal by a proxy
const REFUSED_FRAME_ATTEMPTS = 2; // two, because the frame of another conversation may have closed the socket

/** Close codes with which a server refuses a frame. */
const REFUSED_FRAME = new Set([Code.PROTOCOL_ERROR, Code.UNSUPPORTED_DATA, Code.INVALID_DATA, Code.TOO_BIG]);

/**
 * Sends the messages of the outbox, one at a time in each conversation, until the server stores or refuses them. Uses
 * the socket, or REST after `restAfter` milliseconds without a socket.
 *
 * Attempts are limited: a message that cannot be sent is marked as failed, and the next one is sent.
 */
export class Sender {
  #outbox;
  #connection;
  #rest;
  #clock;
  #restAfter;
  #acked;
  #busy = new Set();
  #pauses = new Map(); // timer → the conversation that it holds back, or null for all of them
  #fallback = null;
  #byRest = false;

  /** `acked(message)` is called with each stored message. */
  constructor({ outbox, connection, rest, clock, restAfter, acked }) {
    this.#outbox = outbox;
    this.#connection = connection;
    this.#rest = rest;
    this.#clock = clock;
    this.#restAfter = restAfter;
    this.#acked = acked;
  }

  /** The socket was opened or closed. */
  connectionChanged(state) {
    if (state === "closed" || state === "signed_out") return this.stop();
    if (state === "ready") this.#useSocket();
    else this.#fallback ??= this.#clock.setTimeout(() => this.#fallBack(), this.#restAfter);
    return this.pump();
  }

  get #canSend() {
    return this.#connection.isReady || this.#byRest;
  }

  /** Start everything that can be sent now. Safe to call at any time. */
  pump() {
    if (!this.#canSend) return;
    const paused = new Set(this.#pauses.values());
    if (paused.has(null)) return;
    for (const entry of this.#outbox.nextEntries()) {
      const { conversationId } = entry;
      if (!this.#busy.has(conversationId) && !paused.has(conversationId)) this.#deliver(entry);
    }
  }

  stop() {
    this.#useSocket();
    for (const timer of this.#pauses.keys()) this.#end(timer);
  }

  /** The server may ask to wait over a reconnect. The wait of one conversation ends. */
  #useSocket() {
    this.#byRest = false;
    this.#clock.clearTimeout(this.#fallback);
    this.#fallback = null;
    for (const [timer, held] of this.#pauses) if (held !== null) this.#end(timer);
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
      this.#acked(message);
      this.#outbox.settle(clientId, message);
    } catch (error) {
      this.#refused(entry, error);
    } finally {
      this.#busy.delete(conversationId);
    }
    this.pump();
  }

  async #transmit({ conversationId, clientId, content, messageType, replyTo, attachments }) {
    // The server detects the types of the files, and with them the type of the message.
    const files = attachments ? { attachmentIds: attachments.map(({ id }) => id) } : { messageType };
    const body = { content, ...files, clientId, ...(replyTo && { replyTo }) };
    if (byteLength(encodeJson({ conversationId, ...body })) > MAX_FRAME_BYTES) {
      throw new ChatError("too_large", "The message is too long.");
    }
    if (!this.#connection.isReady) return this.#rest.post(`/chat/conversations/${conversationId}/messages`, body);
    const answer = await this.#connection.request("send_message", { conversationId, ...body }, TIMEOUT);
    return answer.message;
  }

  #refused({ clientId, conversationId }, error) {
    const attempts = this.#outbox.countAttempt(clientId);
    if (attempts >= maxAttempts(error)) return this.#outbox.fail(clientId, asFailure(error));
    this.#pause(MAX_ATTEMPTS[error.code] === Infinity ? null : conversationId, this.#delayAfter(error, attempts));
    return undefined;
  }

  #delayAfter(error, attempts) {
    const growing = Math.min(MAX_DELAY, 500 * 2 ** attempts);
    switch (error.code) {
      case "disconnected":
        return 0; // the connection waits before it opens the next socket
      case "timeout":
        if (this.#connection.isReady) this.#connection.beat(); // the socket may be half-open
        return growing;
      case "rate_limited":
      case "unavailable":
        return error.retryAfter() * (1 + this.#clock.random());
      case "unreachable":
      case "unauthenticated":
        return REST_DELAY * (1 + this.#clock.random());
      default:
        return growing;
    }
  }

  /** A timer ends in time even if the computer's clock is set back. */
  #pause(held, delay) {
    if (delay === 0 || !this.#canSend) return;
    const timer = this.#clock.setTimeout(() => {
      this.#end(timer);
      this.pump();
    }, delay);
    this.#pauses.set(timer, held);
  }

  #end(timer) {
    this.#clock.clearTimeout(timer);
    this.#pauses.delete(timer);
  }
}

function maxAttempts(error) {
  if (!(error instanceof ChatError) || isPermanent(error)) return 1;
  if (REFUSED_FRAME.has(error.details?.closeCode)) return REFUSED_FRAME_ATTEMPTS;
  if (isProxyRefusal(error)) return OTHER_ATTEMPTS;
  return MAX_ATTEMPTS[error.code] ?? OTHER_ATTEMPTS;
}

/** A 4xx page that is not the server's own answer. 408, 425 and 429 ask for another attempt. */
function isProxyRefusal({ code, status }) {
  return code === "unavailable" && status >= 400 && status < 500 && ![408, 425, 429].includes(status);
}

/** The reason of a failed message. */
function asFailure(error) {
  if (!(error instanceof ChatError)) return new ChatError("invalid", error.message);
  if (error.details?.closeCode === Code.TOO_BIG) return new ChatError("too_large", "The message is too long.");
  if (REFUSED_FRAME.has(error.details?.closeCode)) return new ChatError("invalid", "The server cannot read this message.");
  return error;
}
