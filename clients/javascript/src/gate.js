const MOST_HELD = 1_000; // past it the held ones are let go; the sync brings what they said
const PATIENCE = 300; // milliseconds that what is missing may still be on its way
const MOST_PATIENCE = 30_000;

/**
 * Lets a conversation's events through in the order of `rev`, each once. What comes early waits; where something
 * stays missing, `missing()` is called, and again, ever more slowly, until `advance` has closed the gap.
 */
export class Gate {
  #clock;
  #handlers;
  #held = new Map();
  #head = 0;
  #timer = null;
  #vain = 0; // times asked without getting any further
  #askedAt = -1;
  #shut = true;

  /** `handlers`: `rev()`, `pass(event)`, `missing()`. */
  constructor(clock, handlers) {
    this.#clock = clock;
    this.#handlers = handlers;
  }

  take(event) {
    const { rev } = event.data;
    const known = this.#handlers.rev();
    if (!this.#shut && rev <= known) return; // a repetition, or a sync was faster
    if (this.#shut || rev > known + 1) {
      if (this.#held.size >= MOST_HELD) this.#held.clear();
      this.#held.set(rev, event);
      this.expect(rev);
      return;
    }
    this.#handlers.pass(event);
    this.#drain();
  }

  /** The conversation has come as far as `rev`, so that far we must get. */
  expect(rev, { atOnce = false } = {}) {
    this.#head = Math.max(this.#head, rev);
    if (this.#shut || this.#head <= this.#handlers.rev()) return;
    if (atOnce) this.#ask();
    else this.#timer ??= this.#clock.setTimeout(() => this.#ask(), this.#patience());
  }

  /** Events wait while the conversation is fetched. */
  shut() {
    this.#shut = true;
    this.#stopTimer();
  }

  /** `rev` has moved on by a fetch or a sync. */
  advance() {
    this.#shut = false;
    this.#drain();
  }

  close() {
    this.#stopTimer();
    this.#held.clear();
  }

  #drain() {
    for (const rev of [...this.#held.keys()].sort((a, b) => a - b)) {
      const known = this.#handlers.rev();
      if (rev > known + 1) break;
      const event = this.#held.get(rev);
      this.#held.delete(rev);
      if (rev === known + 1) this.#handlers.pass(event);
    }
    if (this.#handlers.rev() > this.#askedAt) {
      this.#vain = 0;
      this.#stopTimer();
    }
    this.expect(this.#head);
  }

  #ask() {
    this.#stopTimer();
    if (this.#shut || this.#head <= this.#handlers.rev()) return;
    this.#vain += 1;
    this.#askedAt = this.#handlers.rev();
    this.#handlers.missing();
    this.#timer = this.#clock.setTimeout(() => this.#ask(), this.#patience());
  }

  #patience() {
    return Math.min(MOST_PATIENCE, PATIENCE * (this.#vain ? 10 * 2 ** this.#vain : 1));
  }

  #stopTimer() {
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
  }
}
