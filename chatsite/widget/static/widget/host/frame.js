import { element } from "./widget_view.js";

const PATIENCE = 15_000; // milliseconds in which the frame must answer

// The frame keeps its origin, for its storage and its socket. It must not navigate the page around it.
const SANDBOX =
  "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox allow-downloads";

/** The frame in the host page. It is loaded when needed, and messages go only to it and come only from it. */
export class Frame {
  #element = null;
  #origin;
  #isReady = false;
  #timer;
  #source;
  #handlers;
  #listener = (event) => this.#hear(event);

  /** `source`: title and address; `handlers`: a function for each type of message, with `greeting()` and `failed()`. */
  constructor(source, handlers) {
    this.#source = source;
    this.#origin = new URL(source.address).origin;
    this.#handlers = handlers;
    window.addEventListener("message", this.#listener);
  }

  get isLoaded() {
    return this.#element !== null;
  }

  load(panel) {
    this.#element?.remove();
    this.#isReady = false;
    this.#element = element("iframe", {
      title: this.#source.title,
      sandbox: SANDBOX,
      allow: "clipboard-write; microphone",
      referrerpolicy: "no-referrer",
      src: this.#source.address,
    });
    this.#element.addEventListener("load", () => this.#greet());
    panel.append(this.#element);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#handlers.failed(), PATIENCE);
  }

  post(message) {
    if (this.#isReady) this.#send(message);
  }

  focus() {
    this.#element?.focus();
    this.post({ type: "focus" });
  }

  remove() {
    clearTimeout(this.#timer);
    window.removeEventListener("message", this.#listener);
    this.#element?.remove();
  }

  #greet() {
    this.#isReady = false;
    this.#send({ type: "hello", ...this.#handlers.greeting() });
  }

  #send(message) {
    this.#element.contentWindow?.postMessage({ businessChat: 1, ...message }, this.#origin);
  }

  #hear({ origin, source, data }) {
    if (origin !== this.#origin || !this.#element || source !== this.#element.contentWindow) return;
    if (data?.businessChat !== 1 || typeof data.type !== "string") return;
    if (data.type === "ready") {
      this.#isReady = true;
      clearTimeout(this.#timer);
    }
    if (Object.hasOwn(this.#handlers.messages, data.type)) this.#handlers.messages[data.type](data);
  }
}
