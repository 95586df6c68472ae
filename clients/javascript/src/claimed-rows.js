import { randomId } from "./identifiers.js";
import { StoredList } from "./storage.js";

const LEASE = 10_000; // milliseconds after which a tab that does not renew its claims counts as closed, and another one takes its rows
const RENEWAL = 4_000;

/**
 * What one user still has to send: rows that outlive the page, in a storage that the user's tabs share. The tab that will
 * send a row claims it, so that they do not all send everything.
 */
export class ClaimedRows {
  #clock;
  #storage;
  #trouble;
  #kind;
  #tab = randomId();
  #stored = null;
  #timer = null;
  #released = null; // the ids of the rows that were left to other tabs, while this one does not send
  #isStored = false; // whether the last write has succeeded

  /** `kind`: `name` for the key in the storage, `most` rows, `idOf(row)`, `isRow(value)`, `held()` by this tab, `adopt(rows)`. */
  constructor({ clock, storage, trouble }, kind) {
    this.#clock = clock;
    this.#storage = storage;
    this.#trouble = trouble;
    this.#kind = kind;
  }

  get isOpen() {
    return this.#stored !== null;
  }

  get isClaiming() {
    return this.#timer !== null;
  }

  /** The stored rows of all tabs, with `claim`. Anything else in the storage is dropped, because it could never be sent. */
  get all() {
    return (this.#stored?.read() ?? []).filter((row) => this.#kind.isRow(row));
  }

  /** The claims on the rows of an earlier user end. */
  open(userId) {
    this.#write(0);
    if (this.#released) this.#released = new Set();
    this.#stored = new StoredList(this.#storage, `business-chat:${this.#kind.name}:${userId}`, this.#trouble);
  }

  /** Take the rows that no open tab claims. */
  claim() {
    const held = new Set(this.#kind.held().map((row) => this.#kind.idOf(row)));
    const free = this.all.filter((row) => !held.has(this.#kind.idOf(row)) && !this.#isClaimedElsewhere(row));
    if (free.length) this.#kind.adopt(free.map(({ claim, ...row }) => row));
  }

  /**
   * Store this tab's rows without those that are `gone`, and renew its claims as long as there are rows of any tab. After
   * `release`, it claims none.
   */
  save(gone = []) {
    const rest = this.#write(this.#released ? 0 : this.#clock.now() + LEASE, gone);
    if (this.#released || rest === 0 || this.#timer !== null) return;
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = null;
      this.claim();
      this.save();
    }, RENEWAL);
  }

  /** Release the claims, so that another tab, or this page after a reload, can take over at once. */
  release() {
    if (this.#released) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
    this.#write(0);
    this.#released = new Set(this.#kind.held().map((row) => this.#kind.idOf(row)));
  }

  /** Undo `release`: this page continues. */
  resume() {
    this.#released = null;
    if (!this.isOpen) return;
    this.claim();
    this.save();
  }

  /** Delete these rows, and claim none. */
  forget(ids) {
    const gone = new Set(ids);
    if (this.#isStored) this.#stored.write(this.all.filter((row) => !gone.has(this.#kind.idOf(row))));
  }

  /** The rows that another tab has taken, and those that are no longer stored, so that somebody has sent them. */
  lost(rows) {
    if (!this.#isStored) return [];
    const stored = new Map(this.all.map((row) => [this.#kind.idOf(row), row]));
    const isLost = (row) => !stored.has(this.#kind.idOf(row)) || this.#isClaimedElsewhere(stored.get(this.#kind.idOf(row)));
    return rows.filter(isLost);
  }

  /** A claim that lasts too long is from before the clock was set back. */
  #isClaimedElsewhere({ claim }) {
    const left = claim ? claim.until - this.#clock.now() : 0;
    return left > 0 && left <= LEASE && claim.tab !== this.#tab;
  }

  /** This tab's rows, without those that it has released and another tab has taken. */
  get #ours() {
    const held = this.#kind.held();
    const taken = new Set(this.lost(held.filter((row) => this.#released?.has(this.#kind.idOf(row)))));
    return held.filter((row) => !taken.has(row));
  }

  /** Write this tab's rows in addition to those of other tabs. Returns the number of all rows. */
  #write(until, gone = []) {
    if (!this.isOpen) return 0;
    const { idOf, most } = this.#kind;
    const ours = this.#ours.map((row) => ({ ...row, claim: { tab: this.#tab, until } }));
    for (const row of ours) this.#released?.add(idOf(row));
    const known = new Set([...ours.map(idOf), ...gone]);
    const rows = [...this.all.filter((row) => !known.has(idOf(row))), ...ours].slice(0, most);
    this.#isStored = this.#stored.write(rows);
    return rows.length;
  }
}
