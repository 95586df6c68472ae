import { ClaimedRows } from "./claimed-rows.js";
import { isPassing, isPermanent } from "./errors.js";
import { randomId } from "./identifiers.js";
import { defaultStorage } from "./storage.js";

const RETRY = 2_000; // milliseconds until the next attempt; doubled each time, up to MAX_RETRY
const MAX_RETRY = 30_000;
const MAX_ATTEMPTS = 8; // a change fails after these; attempts without a server do not count
const MOST = 500; // changes waiting, of one user
const VALID = 24 * 3_600_000; // milliseconds for which a change is kept while no page is open; later it might undo newer ones
const LATEST = 5_000; // milliseconds after the answer by which the event of the change has arrived

/**
 * Changes of messages and conversations that are shown at once, and sent as soon as there is a server. A refused one is
 * no longer shown, and `refused(change, error)` is called.
 *
 * A change: `{key, kind, targetId, given, apply(object), carryOut(), isIn?(object, answer), within?}`. A later one with the
 * same key replaces an earlier one. If that is being sent, the later one waits for the answer, so that the server gets it
 * last. `within`: milliseconds in which `cancel` can still undo it.
 *
 * Changes outlive the page: they are stored until the server has answered. `restore({kind, targetId, given})` makes a change
 * of what was stored.
 */
export class ChangeQueue {
  #clock;
  #changed;
  #refused;
  #restore;
  #rows;
  #userId = null;
  #isStarted = false;
  #isStopped = false;
  #entries = new Map();
  #running = new Map(); // key → a promise of the end of its request

  /** `changed(targetId)`: this object looks different. */
  constructor({ clock, changed, refused, restore, storage, trouble }) {
    this.#clock = clock;
    this.#changed = changed;
    this.#refused = refused;
    this.#restore = restore;
    this.#rows = new ClaimedRows(
      { clock, storage: storage ?? defaultStorage(), trouble },
      {
        name: "changes",
        most: 2 * MOST,
        idOf: ({ id }) => id,
        isRow: isStored,
        held: () => this.#unanswered.map(({ id, at, kind, targetId, given }) => ({ id, at, kind, targetId, given })),
        adopt: (rows) => this.#adopt(rows),
      },
    );
  }

  /** The user is known. Changes of another user stay in that user's storage. */
  open(userId) {
    if (!userId || userId === this.#userId) return;
    this.#rows.open(userId);
    if (this.#userId !== null) {
      for (const entry of this.#entries.values()) this.#clock.clearTimeout(entry.timer);
      this.#entries.clear();
    }
    this.#userId = userId;
    if (this.#isStarted) this.#rows.resume();
    else if (this.#entries.size) this.#rows.save();
  }

  /** Continue with what this page had, except what another tab has sent meanwhile, and with what closed pages have left. */
  start() {
    this.#isStarted = true;
    this.#isStopped = false;
    if (!this.#rows.isOpen || this.#rows.isClaiming) return;
    for (const entry of this.#rows.lost(this.#unanswered)) {
      this.#remove(entry);
      this.#changed(entry.targetId);
    }
    const kept = this.#unanswered;
    this.#rows.resume();
    for (const entry of kept) if (!entry.running) this.#later(entry, RETRY);
  }

  /** The page may be closed, or pauses, or the user has signed out: another one may take over. */
  stop() {
    this.#isStarted = false;
    this.#isStopped = true;
    this.#rows.release();
    for (const { timer } of this.#unanswered) this.#clock.clearTimeout(timer);
  }

  get size() {
    return this.#unanswered.length;
  }

  /** The changes of this kind that the server has not answered. */
  waiting(kind) {
    return this.#unanswered.filter((entry) => entry.kind === kind);
  }

  add(change) {
    if (!this.#isStopped) this.#rows.claim(); // what a closed page has left must not be sent after this change
    this.#drop(this.#entries.get(change.key));
    const entry = newEntry(change, { id: randomId(), at: this.#clock.now() });
    this.#entries.set(change.key, entry);
    this.#rows.save();
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

  /** The page may be closed: send the changes that could still be cancelled. Resolves when their requests have ended. */
  async flush() {
    if (this.#isStopped) return; // another page may have sent them
    for (const entry of this.#entries.values()) this.#run(entry);
    await Promise.all(this.#running.values());
  }

  clear() {
    for (const entry of [...this.#entries.values()]) this.#drop(entry);
  }

  get #unanswered() {
    return [...this.#entries.values()].filter((entry) => entry.answer === undefined);
  }

  /** Take stored changes. Of two with the same key the later one counts. */
  #adopt(rows) {
    const oldest = this.#clock.now() - VALID;
    const useless = [];
    for (const { id, at, ...row } of rows.sort((a, b) => a.at - b.at)) {
      const change = at > oldest ? this.#restore(row) : null;
      const rival = change && this.#entries.get(change.key);
      if (!change || rival?.at > at) {
        useless.push(id);
        continue;
      }
      if (rival) this.#drop(rival);
      const entry = newEntry({ ...change, within: 0 }, { id, at });
      this.#entries.set(entry.key, entry);
      this.#later(entry, RETRY); // `resume` is earlier, if the socket connects
      this.#changed(entry.targetId);
    }
    if (useless.length) this.#rows.forget(useless);
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
      this.#rows.forget([entry.id]);
      entry.timer = this.#clock.setTimeout(() => this.#drop(entry), LATEST);
    } catch (error) {
      this.#failed(entry, error);
    } finally {
      entry.running = false;
      this.#running.delete(entry.key);
    }
    const current = this.#entries.get(entry.key);
    if (current === entry) this.#changed(entry.targetId);
    else if (current && !current.isHeld && !this.#isStopped) this.#run(current);
  }

  #failed(entry, error) {
    if (this.#entries.get(entry.key) !== entry) return;
    if (!isPassing(error)) entry.attempts += 1;
    if (!isPermanent(error) && entry.attempts < MAX_ATTEMPTS) {
      entry.delay = Math.min(2 * (entry.delay ?? RETRY / 2), MAX_RETRY);
      return this.#later(entry, error.retryAfter?.(entry.delay) ?? entry.delay);
    }
    this.#drop(entry);
    this.#changed(entry.targetId);
    return this.#refused(entry, error);
  }

  #later(entry, delay) {
    if (!this.#isStopped) entry.timer = this.#clock.setTimeout(() => this.#run(entry), delay);
  }

  #drop(entry) {
    if (!entry) return;
    this.#remove(entry);
    if (entry.answer === undefined) this.#rows.forget([entry.id]);
  }

  #remove(entry) {
    this.#clock.clearTimeout(entry.timer);
    if (this.#entries.get(entry.key) === entry) this.#entries.delete(entry.key);
  }
}

function newEntry(change, { id, at }) {
  return { ...change, id, at, attempts: 0, running: false, isHeld: change.within > 0, answer: undefined, timer: null };
}

/** The storage may contain anything. */
function isStored(row) {
  const texts = [row?.id, row?.kind, row?.targetId];
  return texts.every((text) => typeof text === "string") && Array.isArray(row.given) && Number.isFinite(row.at);
}
