const MAX_BUFFERED = 1_000; // more than these are dropped; the sync brings their content
const TIMEOUT = 300; // milliseconds to wait for a missing event
const MAX_WAIT = 30_000;

/**
 * Passes on a conversation's events in the order of `rev`, each once. Early events wait. While an event is missing, it calls
 * `missing()`, repeatedly and ever more slowly, until `resume` has closed the gap.
 */
export class EventSequencer {
  #clock;
  #handlers;
  #buffer = new Map();
  #expected = 0;
  #timer = null;
  #fruitless = 0; // calls of `missing()` without progress
  #askedAt = -1;
  #paused = true;

  /** `handlers`: `rev()`, `pass(event)`, `missing()`. */
  constructor(clock, handlers) {
    this.#clock = clock;
    this.#handlers = handlers;
  }

  accept(event) {
    const { rev } = event.data;
    const known = this.#handlers.rev();
    if (!this.#paused && rev <= known) return; // repeated, or a sync was faster
    if (this.#paused || rev > known + 1) {
      if (this.#buffer.size >= MAX_BUFFERED) this.#buffer.clear();
      this.#buffer.set(rev, event);
      this.expect(rev);
      return;
    }
    this.#handlers.pass(event);
    this.#drain();
  }

  /** The conversation has reached this `rev`, so events up to it must arrive. */
  expect(rev, { atOnce = false } = {}) {
    this.#expected = Math.max(this.#expected, rev);
    if (this.#paused || this.#expected <= this.#handlers.rev()) return;
    if (atOnce) this.#ask();
    else this.#timer ??= this.#clock.setTimeout(() => this.#ask(), this.#timeout());
  }

  /** Hold events while the conversation is fetched. */
  pause() {
    this.#paused = true;
    this.#stopTimer();
  }

  /** A fetch or a sync has raised `rev`. */
  resume() {
    this.#paused = false;
    this.#drain();
  }

  /** The conversation was fetched again, so forget the earlier goal. */
  restart() {
    this.#expected = this.#handlers.rev();
    for (const rev of this.#buffer.keys()) this.#expected = Math.max(this.#expected, rev);
    this.resume();
  }

  close() {
    this.#stopTimer();
    this.#buffer.clear();
  }

  #drain() {
    for (const rev of [...this.#buffer.keys()].sort((a, b) => a - b)) {
      const known = this.#handlers.rev();
      if (rev > known + 1) break;
      const event = this.#buffer.get(rev);
      this.#buffer.delete(rev);
      if (rev === known + 1) this.#handlers.pass(event);
    }
    if (this.#handlers.rev() > this.#askedAt) {
      this.#fruitless = 0;
      this.#stopTimer();
    }
    this.expect(this.#expected);
  }

  #ask() {
    this.#stopTimer();
    if (this.#paused || this.#expected <= this.#handlers.rev()) return;
    this.#fruitless += 1;
    this.#askedAt = this.#handlers.rev();
    this.#handlers.missing();
    this.#timer = this.#clock.setTimeout(() => this.#ask(), this.#timeout());
  }

  #timeout() {
    return Math.min(MAX_WAIT, TIMEOUT * (this.#fruitless ? 10 * 2 ** this.#fruitless : 1));
  }

  #stopTimer() {
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
  }
}
