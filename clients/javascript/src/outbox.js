import { ClaimedRows } from "./claimed-rows.js";
import { wellFormed } from "./encoding.js";
import { ChatError } from "./errors.js";
import { randomId } from "./identifiers.js";
import { defaultStorage } from "./storage.js";

const MOST = 500; // messages waiting, of one user

const NOT_STORED = Object.freeze({
  seq: null,
  rev: null,
  senderSide: null,
  deliveredAt: null,
  readAt: null,
  editedAt: null,
  deletedAt: null,
});

/**
 * The user's messages that the server has not stored yet, in the order of writing. They outlive the page: each
 * message is stored until it is acked or deleted, with the `clientId` by which the server detects a repetition.
 *
 * If two tabs send a message, the server stores it once.
 */
export class Outbox {
  #clock;
  #changed;
  #settled;
  #failed;
  #shown;
  #entries = new Map();
  #rows;
  #userId = null;

  /**
   * Calls `changed(conversationId)` when pending messages there look different, `settled(entry, message)` when
   * the server has stored one, `failed(entry)` when it was finally refused. `shown(attachment)` returns how a pending file looks.
   */
  constructor({ clock, storage, changed, settled, failed, shown, trouble }) {
    this.#clock = clock;
    this.#changed = changed;
    this.#settled = settled;
    this.#failed = failed;
    this.#shown = shown;
    this.#rows = new ClaimedRows(
      { clock, storage: storage ?? defaultStorage(), trouble },
      {
        name: "outbox",
        most: 2 * MOST,
        idOf: ({ clientId }) => clientId,
        isRow: isEntry,
        held: () => this.entries,
        adopt: (rows) => this.#adopt(rows),
      },
    );
  }

  get userId() {
    return this.#userId;
  }

  get size() {
    return this.#entries.size;
  }

  /** The user is known: the user's stored messages come first, then those written meanwhile. */
  open(userId) {
    if (!userId || userId === this.#userId) return;
    this.#rows.open(userId);
    if (this.#userId !== null) this.#entries.clear(); // kept in that user's storage; nobody else may send it
    this.#userId = userId;
    const written = [...this.#entries.values()];
    this.#entries.clear();
    this.#rows.claim();
    for (const entry of written) this.#entries.set(entry.clientId, { ...entry, senderId: userId });
    this.#rows.save();
  }

  /** `attachments`: from `OutboxUploads.keep`. */
  add({ conversationId, content, messageType = "text", replyTo = null, attachments = [] }) {
    if (typeof content !== "string") throw new ChatError("invalid", "A message's content is a text.");
    if (this.#entries.size >= MOST) throw new ChatError("outbox_full", `${MOST} messages are waiting already.`);
    const createdAt = new Date(this.#clock.now()).toISOString();
    const entry = { clientId: randomId(), conversationId, content: wellFormed(content), messageType, replyTo, createdAt };
    const files = attachments.length ? { attachments } : {};
    this.#put({ ...entry, ...files, attempts: 0, senderId: this.#userId, status: "sending", error: null });
    return entry.clientId;
  }

  get(clientId) {
    return this.#entries.get(clientId);
  }

  get entries() {
    return [...this.#entries.values()];
  }

  /** Whether a message of any tab has this file. */
  names(key) {
    const rows = [...this.entries, ...this.#rows.all];
    return rows.some(({ attachments }) => attachments?.some((attachment) => attachment.key === key));
  }

  /** The upload of one file is complete: `id` is the server's. */
  uploaded(clientId, key, id) {
    const entry = this.#entries.get(clientId);
    if (!entry) return false;
    const attachments = entry.attachments.map((held) => (held.key === key ? { ...held, id } : held));
    this.#put({ ...entry, attachments });
    return true;
  }

  /** The progress of an upload has changed. */
  progressed(clientId) {
    const entry = this.#entries.get(clientId);
    if (entry) this.#changed(entry.conversationId);
  }

  /**
   * The next message to send in each conversation. One at a time keeps their order. A message
   * whose files are still uploading lets texts pass, but not other messages with files.
   */
  nextEntries() {
    const [nextEntries, uploading] = [new Map(), new Set()];
    for (const entry of this.#entries.values()) {
      const { conversationId, attachments, status } = entry;
      if (status !== "sending" || nextEntries.has(conversationId)) continue;
      if (!isUploaded(entry)) uploading.add(conversationId);
      else if (!attachments || !uploading.has(conversationId)) nextEntries.set(conversationId, entry);
    }
    return [...nextEntries.values()];
  }

  /** The pending messages in the form of messages, without a `seq`. */
  pendingIn(conversationId) {
    return [...this.#entries.values()]
      .filter((entry) => entry.conversationId === conversationId)
      .map((entry) => this.#asMessage(entry));
  }

  settle(clientId, message) {
    const entry = this.#entries.get(clientId);
    if (this.#drop(clientId)) this.#settled(entry, message);
  }

  fail(clientId, error) {
    const entry = this.#entries.get(clientId);
    if (!entry) return;
    const failed = { ...entry, status: "failed", error: { code: error.code, message: error.message } };
    this.#put(failed);
    this.#failed(failed);
  }

  /** Count a failed attempt, also over reloads. Returns the number of attempts. */
  countAttempt(clientId) {
    const entry = this.#entries.get(clientId);
    if (!entry) return 0;
    const attempts = (entry.attempts ?? 0) + 1;
    this.#entries.set(clientId, { ...entry, attempts });
    this.#rows.save();
    return attempts;
  }

  /** Move a failed message to the end, because later messages may be stored already. */
  retry(clientId) {
    const entry = this.#entries.get(clientId);
    if (entry?.status !== "failed") return false;
    this.#entries.delete(clientId);
    // The server may have refused or deleted its files meanwhile, so upload them again.
    const attachments = isUploaded(entry) ? entry.attachments?.map((held) => ({ ...held, id: null })) : entry.attachments;
    this.#put({ ...entry, ...(attachments && { attachments }), status: "sending", attempts: 0, error: null });
    return true;
  }

  discard(clientId) {
    const entry = this.#entries.get(clientId);
    const error = { code: "discarded", message: "The message was thrown away." };
    if (this.#drop(clientId)) this.#failed({ ...entry, error });
    return entry !== undefined;
  }

  /** Release the claims, so that another tab, or this page after a reload, can take over at once. */
  release() {
    this.#rows.release();
  }

  /** Undo `release`: this page continues. */
  resume() {
    this.#rows.resume();
  }

  /** Take stored messages. They come before those of this page. */
  #adopt(rows) {
    const adopted = rows.map((entry) => ({ ...entry, senderId: this.#userId }));
    this.#entries = new Map([...adopted, ...this.entries].map((entry) => [entry.clientId, entry]));
    for (const conversationId of new Set(adopted.map((entry) => entry.conversationId))) this.#changed(conversationId);
  }

  #put(entry) {
    this.#entries.set(entry.clientId, entry);
    this.#rows.save();
    this.#changed(entry.conversationId);
  }

  #drop(clientId) {
    const entry = this.#entries.get(clientId);
    if (!entry) return false;
    this.#entries.delete(clientId);
    this.#rows.save([clientId]);
    this.#changed(entry.conversationId);
    return true;
  }

  #asMessage({ clientId, attempts, ...entry }) {
    const failed = entry.status === "failed";
    return Object.freeze({
      ...entry,
      ...NOT_STORED,
      attachments: (entry.attachments ?? []).map((attachment) => this.#shown(attachment)),
      id: clientId,
      clientId,
      ...(failed && { retry: () => this.retry(clientId), discard: () => this.discard(clientId) }),
    });
  }
}

function isUploaded({ attachments = [] }) {
  return attachments.every(({ id }) => id);
}

/** The storage may contain anything. Drop rows that are not messages, because they could never be sent. */
function isEntry(row) {
  const texts = [row?.clientId, row?.conversationId, row?.content];
  if (row?.attachments && !Array.isArray(row.attachments)) return false;
  return texts.every((text) => typeof text === "string") && ["sending", "failed"].includes(row.status);
}
