const IN_USE = 60_000; // milliseconds after the last key or movement
const REPEAT = 20_000; // until the server says how often
const SIGNS = ["pointerdown", "pointermove", "keydown", "wheel", "scroll", "focus"];

/**
 * Tells the server that somebody looks at the screen, again and again while that is so. Then the server sends no push
 * and no mail. A window that is hidden or idle stops, and the server forgets it after a while.
 */
export class Attention {
  #clock;
  #send;
  #page;
  #usedAt = -Infinity;
  #isSet = null; // by the application, which then knows better than the page
  #isConnected = false;
  #timer = null;
  #unwatch = null;

  /** `send()` resolves with the server's answer, or with nothing where it has failed. */
  constructor(clock, send, page = globalThis) {
    this.#clock = clock;
    this.#send = send;
    this.#page = page;
  }

  get isLooking() {
    if (this.#isSet !== null) return this.#isSet;
    const { document } = this.#page;
    return document?.visibilityState === "visible" && this.#clock.now() - this.#usedAt < IN_USE;
  }

  /** What the application knows; null leaves it to the page. */
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

  /** There is a connection, on which nothing has been told yet. */
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

  /** Nothing is told while the last sign still holds. */
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
