import { MAX_FRAME_BYTES, byteLength, encodeJson } from "./encoding.js";
import { ChatError } from "./errors.js";

export const Code = Object.freeze({
  LOST: 1006, // without a close frame
  FLOOD: 1008,
  PROTOCOL_ERROR: 1002,
  UNSUPPORTED_DATA: 1003,
  INVALID_DATA: 1007,
  TOO_BIG: 1009,
  UNAUTHENTICATED: 4401,
});

/** Error codes for a frame that the server could not read. The error then has no `ref`. */
const BAD_FRAME = new Set(["invalid", "too_large"]);

/** One WebSocket: commands, and their answers by `ref`. When it ends, pending commands fail with `disconnected`. */
export class ChatSocket {
  #socket;
  #clock;
  #handlers;
  #waiting = new Map();
  #refs = 0;
  #ended = false;
  heard = 0; // frames

  /** `handlers`: `opened()`, `event({event, data})`, `ended(code, reason)`, the last one exactly once. */
  constructor(socket, clock, handlers) {
    this.#socket = socket;
    this.#clock = clock;
    this.#handlers = handlers;
    socket.onopen = () => this.#ended || handlers.opened();
    socket.onmessage = ({ data }) => this.#ended || this.#take(data);
    socket.onclose = ({ code, reason }) => this.#end(standardCode(code) || Code.LOST, reason ?? "");
    socket.onerror = () => undefined; // the following `close` has all information
  }

  /** Send a command. Returns the data of its ack. */
  request(event, data, timeout) {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(disconnected());
      const ref = String(++this.#refs);
      const frame = encodeJson({ event, data, ref });
      if (byteLength(frame) > MAX_FRAME_BYTES) {
        return reject(new ChatError("too_large", "This is too long to send.", { limit: MAX_FRAME_BYTES }));
      }
      const timer = this.#clock.setTimeout(() => {
        this.#waiting.delete(ref);
        reject(new ChatError("timeout", `No answer to ${event} in time.`));
      }, timeout);
      this.#waiting.set(ref, { resolve, reject, timer });
      this.#socket.send(frame);
    });
  }

  /** Drop the socket now. A half-open socket would wait for the other side's close frame for a long time. */
  drop(code, reason = "") {
    if (this.#ended) return;
    this.#end(code, reason);
    this.#socket.close();
  }

  #take(text) {
    this.heard += 1;
    let frame;
    try {
      frame = JSON.parse(text);
    } catch (error) {
      return this.drop(Code.LOST, `unreadable frame: ${error.message}`); // a new socket and a sync repair it
    }
    const { event, data } = frame;
    const ref = frame.ref ?? this.#refOfBadFrame(frame);
    if (ref === undefined || ref === null) return this.#handlers.event({ event, data });
    const call = this.#waiting.get(ref);
    if (!call) return undefined; // answered after the timeout
    this.#waiting.delete(ref);
    this.#clock.clearTimeout(call.timer);
    return event === "error" ? call.reject(ChatError.from(data)) : call.resolve(data);
  }

  /** An error without a `ref` belongs to the pending command, if there is only one. */
  #refOfBadFrame({ event, data }) {
    if (event !== "error" || !BAD_FRAME.has(data?.code) || this.#waiting.size !== 1) return undefined;
    return this.#waiting.keys().next().value;
  }

  #end(code, reason) {
    if (this.#ended) return;
    this.#ended = true;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject, timer } of waiting) {
      this.#clock.clearTimeout(timer);
      reject(disconnected(code));
    }
    this.#handlers.ended(code, reason);
  }
}

/** What a server sends that cannot send a code of RFC 6455: 2000 more. Other codes from 3000 have meanings of their own. */
const SUBSTITUTES = new Set([3008, 3009, 3012, 3013]);

function standardCode(code) {
  return SUBSTITUTES.has(code) ? code - 2000 : code;
}

export function disconnected(code) {
  return new ChatError("disconnected", "The connection ended before the answer came.", { closeCode: code });
}
