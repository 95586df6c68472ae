import { isWithin } from "./clock.js";

const IN_USE = 60_000; // milliseconds after the last key or movement
const REPEAT = 20_000; // until the server says how often
const SIGNS = ["pointerdown", "pointermove", "keydown", "wheel", "scroll", "focus"];

/**
 * Tells the server repeatedly that the user looks at the screen, as long as this is true. Then the server sends no push
 * and no mail. A hidden or idle window stops, and after a while its last report expires.
 */
export class Attention {
  #clock;
  #send;
  #page;
  #usedAt = -Infinity;
  #isSet = null; // set by the application, and then preferred to the page's own state
  #isConnected = false;
  #timer = null;
  #unwatch = null;

  /** `send()` resolves with the server's answer, or with undefined if it failed. */
  constructor(clock, send, page = globalThis) {
    this.#clock = clock;
    this.#send = send;
    this.#page = page;
  }

  get isLooking() {
    if (this.#isSet !== null) return this.#isSet;
    const { document } = this.#page;
    return document?.visibilityState === "visible" && isWithin(this.#clock, this.#usedAt, IN_USE);
  }

  /** Set the application's own state; null uses the page's state. */
  set(active) {
    this.#isSet = active;
    this.#tell();
  }

  watch() {
    const { document } = this.#page;
    if (!document || this.#unwatch) return;
    const used = () => this.#used();
    const watched = [...SIGNS.map((name) => [this.#page, name]), [document, "visibilitychange"]];
    for (const [target, name] of watched) target.addEventListener(name, used, { passive: true, capture: true });
    this.#unwatch = () => {
      for (const [target, name] of watched) target.removeEventListener(name, used, { capture: true });
    };
    if (document.hasFocus?.()) this.#usedAt = this.#clock.now();
  }

  /** Call on a new connection, on which nothing was reported yet. */
  connected() {
    this.#isConnected = true;
    this.#cancel();
    this.#tell();
  }

  stop() {
    this.disconnected();
    this.#unwatch?.();
    this.#unwatch = null;
  }

  disconnected() {
    this.#isConnected = false;
    this.#cancel();
  }

  #used() {
    if (this.#page.document.visibilityState !== "visible") return;
    this.#usedAt = this.#clock.now();
    this.#tell();
  }

  /** Send nothing while the last report is still valid. */
  #tell() {
    if (!this.#isConnected || this.#timer !== null || !this.isLooking) return;
    this.#wait(REPEAT);
    this.#send().then((answer) => {
      if (answer?.repeatAfterSeconds && this.#timer !== null) this.#wait(answer.repeatAfterSeconds * 1_000);
    });
  }

  #wait(delay) {
    this.#cancel();
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = null;
      this.#tell();
    }, delay);
  }

  #cancel() {
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
  }
}
