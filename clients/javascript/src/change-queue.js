import { isPermanent } from "./errors.js";

const RETRY = 2_000; // milliseconds until the next attempt; doubled each time, up to MAX_RETRY
const MAX_RETRY = 30_000;
const MAX_ATTEMPTS = 8; // a change fails after these; attempts without a server do not count
const UNCOUNTED = new Set(["disconnected", "unreachable", "unavailable", "rate_limited", "unauthenticated", "timeout"]);
const LATEST = 5_000; // milliseconds after the answer by which the event of the change has arrived

/**
 * Changes of messages and conversations that are shown at once, and sent as soon as there is a server. A refused one is
 * no longer shown, and `refused(change, error)` is called.
 *
 * A change: `{key, kind, targetId, apply(object), carryOut(), isIn?(object, answer), within?}`. A later one with the same
 * key replaces an earlier one. If that is being sent, the later one waits for the answer, so that the server gets it last.
 * `within`: milliseconds in which `cancel` can still undo it.
 */
export class ChangeQueue {
  #clock;
  #changed;
  #refused;
  #entries = new Map();
  #running = new Map(); // key → a promise of the end of its request

  /** `changed(targetId)`: this object looks different. */
  constructor({ clock, changed, refused }) {
    this.#clock = clock;
    this.#changed = changed;
    this.#refused = refused;
  }

  get size() {
    return [...this.#entries.values()].filter((entry) => entry.answer === undefined).length;
  }

  add(change) {
    this.#drop(this.#entries.get(change.key));
    const entry = { ...change, attempts: 0, running: false, isHeld: change.within > 0, answer: undefined, timer: null };
    this.#entries.set(change.key, entry);
    if (entry.isHeld) this.#later(entry, change.within);
    else this.#run(entry);
    this.#changed(change.targetId);
    return change.key;
  }

  /** Returns whether it was in time. */
  cancel(key) {
    const entry = this.#entries.get(key);
    if (!entry || entry.running || entry.answer !== undefined) return false;
    this.#drop(entry);
    this.#changed(entry.targetId);
    return true;
  }

  /** Something newer makes the change void. Resolves when the change can no longer reach the server. */
  async withdraw(key) {
    const entry = this.#entries.get(key);
    this.#drop(entry);
    if (entry) this.#changed(entry.targetId);
    await this.#running.get(key);
  }

  /** The objects with the changes applied. `pendingChange` is the kind of a change. */
  applyTo(objects) {
    if (!this.#entries.size) return objects;
    const entries = [...this.#entries.values()];
    return objects.map((object) => this.#applied(object, entries.filter((entry) => entry.targetId === object.id)));
  }

  /** Call when there is a server again. */
  resume() {
    for (const entry of this.#entries.values()) if (!entry.isHeld) this.#run(entry);
  }

  /** The page may be closed: send the changes that could still be cancelled. */
  flush() {
    for (const entry of this.#entries.values()) this.#run(entry);
  }

  clear() {
    for (const entry of [...this.#entries.values()]) this.#drop(entry);
  }

  #applied(object, entries) {
    let applied = object;
    for (const entry of entries) {
      if (entry.answer !== undefined && entry.isIn?.(object, entry.answer)) this.#drop(entry);
      else applied = { ...entry.apply(applied), ...(entry.answer === undefined && { pendingChange: entry.kind }) };
    }
    return applied;
  }

  #run(entry) {
    if (entry.answer !== undefined) return;
    this.#clock.clearTimeout(entry.timer);
    entry.isHeld = false;
    if (this.#running.has(entry.key)) return; // its end runs this one
    const sending = this.#send(entry);
    if (entry.running) this.#running.set(entry.key, sending);
  }

  async #send(entry) {
    entry.running = true;
    try {
      entry.answer = (await entry.carryOut()) ?? null;
      entry.timer = this.#clock.setTimeout(() => this.#drop(entry), LATEST);
    } catch (error) {
      this.#failed(entry, error);
    } finally {
      entry.running = false;
      this.#running.delete(entry.key);
    }
    const current = this.#entries.get(entry.key);
    if (current === entry) this.#changed(entry.targetId);
    else if (current && !current.isHeld) this.#run(current);
  }

  #failed(entry, error) {
    if (this.#entries.get(entry.key) !== entry) return;
    if (!UNCOUNTED.has(error.code)) entry.attempts += 1;
    if (!isPermanent(error) && entry.attempts < MAX_ATTEMPTS) {
      entry.delay = Math.min(2 * (entry.delay ?? RETRY / 2), MAX_RETRY);
      return this.#later(entry, error.retryAfter?.(entry.delay) ?? entry.delay);
    }
    this.#drop(entry);
    this.#changed(entry.targetId);
    return this.#refused(entry, error);
  }

  #later(entry, delay) {
    entry.timer = this.#clock.setTimeout(() => this.#run(entry), delay);
  }

  #drop(entry) {
    if (!entry) return;
    this.#clock.clearTimeout(entry.timer);
    if (this.#entries.get(entry.key) === entry) this.#entries.delete(entry.key);
  }
}
