import { ChatError } from "./errors.js";

export const Code = Object.freeze({
  LOST: 1006, // no goodbye
  FLOOD: 1008,
  TOO_BIG: 1009,
  UNAUTHENTICATED: 4401,
});

/** One socket: frames with answers by `ref`. When it ends, whoever waits for an answer gets `disconnected`. */
export class ChatSocket {
  #socket;
  #clock;
  #handlers;
  #waiting = new Map();
  #refs = 0;
  #ended = false;
  lastHeard = 0;

  /** `handlers`: `opened()`, `event({event, data})`, `ended(code, reason)`, the last one exactly once. */
  constructor(socket, clock, handlers) {
    this.#socket = socket;
    this.#clock = clock;
    this.#handlers = handlers;
    socket.onopen = () => this.#ended || handlers.opened();
    socket.onmessage = ({ data }) => this.#ended || this.#take(data);
    socket.onclose = ({ code, reason }) => this.#end(code || Code.LOST, reason ?? "");
    socket.onerror = () => undefined; // says nothing that the `close` which follows does not
  }

  /** Sends a command and answers its ack's data. */
  request(event, data, timeout) {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(disconnected());
      const ref = String(++this.#refs);
      const timer = this.#clock.setTimeout(() => {
        this.#waiting.delete(ref);
        reject(new ChatError("timeout", `No answer to ${event} in time.`));
      }, timeout);
      this.#waiting.set(ref, { resolve, reject, timer });
      this.#socket.send(JSON.stringify({ event, data, ref }));
    });
  }

  /** Ends it now. A half-open socket would wait for the other side's goodbye for a long time. */
  drop(code, reason = "") {
    if (this.#ended) return;
    this.#end(code, reason);
    this.#socket.close();
  }

  #take(text) {
    this.lastHeard = this.#clock.now();
    let frame;
    try {
      frame = JSON.parse(text);
    } catch (error) {
      return this.drop(Code.LOST, `unreadable frame: ${error.message}`); // a fresh socket and a sync mend it
    }
    const { event, data, ref } = frame;
    if (ref === undefined || ref === null) return this.#handlers.event({ event, data });
    const call = this.#waiting.get(ref);
    if (!call) return undefined; // answered after we stopped waiting
    this.#waiting.delete(ref);
    this.#clock.clearTimeout(call.timer);
    return event === "error" ? call.reject(ChatError.from(data)) : call.resolve(data);
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

export function disconnected(code) {
  return new ChatError("disconnected", "The connection ended before the answer came.", { closeCode: code });
}
