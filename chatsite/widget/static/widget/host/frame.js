import { element } from "./widget_view.js";

const PATIENCE = 15_000; // milliseconds in which the frame must answer

// Its own origin, so that it has its storage and its socket; no way to move the page that it stands on.
const SANDBOX =
  "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox allow-downloads";

/** Our page in the host's: loaded once it is wanted, and the only one that is listened to and talked to. */
export class Frame {
  #element = null;
  #origin;
  #isReady = false;
  #timer;
  #source;
  #heard;
  #listener = (event) => this.#hear(event);

  /** `source`: title and address; `heard`: what to do by the message's type, with `greeting()` and `failed()`. */
  constructor(source, heard) {
    this.#source = source;
    this.#origin = new URL(source.address).origin;
    this.#heard = heard;
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
    this.#timer = setTimeout(() => this.#heard.failed(), PATIENCE);
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
    this.#send({ type: "hello", ...this.#heard.greeting() });
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
    if (Object.hasOwn(this.#heard.messages, data.type)) this.#heard.messages[data.type](data);
  }
}
