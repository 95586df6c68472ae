import { wellFormed } from "./encoding.js";
import { ChatError } from "./errors.js";
import { randomId } from "./identifiers.js";
import { StoredList, defaultStorage } from "./storage.js";

const MOST = 500; // messages waiting, of one user
const LEASE = 10_000; // a tab that has not renewed its claim for this long is gone, and another takes its messages
const RENEWAL = 4_000;

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
 * What has been written and is not stored on the server yet, in the order of writing. It outlives the page: each
 * message is kept until it is acked or thrown away, with the `clientId` by which the server knows a repetition.
 *
 * Tabs of one user share the storage. Each message is claimed by the tab that will send it, so that they do not all
 * send everything; should two of them do it anyhow, the server stores it once.
 */
export class Outbox {
  #clock;
  #storage;
  #changed;
  #settled;
  #failed;
  #shown;
  #trouble;
  #tab = randomId();
  #entries = new Map();
  #stored = null;
  #userId = null;
  #timer = null;

  /**
   * `changed(conversationId)` is called whenever what is pending there looks different, `settled(entry, message)` when
   * the server has it, `failed(entry)` when it refused for good. `shown(attachment)` is how a file on its way looks.
   */
  constructor({ clock, storage, changed, settled, failed, shown, trouble }) {
    this.#clock = clock;
    this.#storage = storage ?? defaultStorage();
    this.#changed = changed;
    this.#settled = settled;
    this.#failed = failed;
    this.#shown = shown;
    this.#trouble = trouble;
  }

  get userId() {
    return this.#userId;
  }

  get size() {
    return this.#entries.size;
  }

  /** Now we know who writes: what this user left behind comes first, then what was written meanwhile. */
  open(userId) {
    if (!userId || userId === this.#userId) return;
    if (this.#userId !== null) {
      this.release();
      this.#entries.clear(); // kept in that user's storage; nobody else may send it
    }
    this.#userId = userId;
    this.#stored = new StoredList(this.#storage, `business-chat:outbox:${userId}`, this.#trouble);
    const written = [...this.#entries.values()];
    this.#entries.clear();
    this.#adopt();
    for (const entry of written) this.#entries.set(entry.clientId, { ...entry, senderId: userId });
    this.#save();
  }

  /** `attachments`: as `OutboxUploads.keep` gives them. */
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
    const rows = [...this.entries, ...(this.#stored?.read() ?? [])];
    return rows.some(({ attachments }) => attachments?.some((attachment) => attachment.key === key));
  }

  /** The upload of one file is done: `id` is the server's. */
  uploaded(clientId, key, id) {
    const entry = this.#entries.get(clientId);
    if (!entry) return false;
    const attachments = entry.attachments.map((held) => (held.key === key ? { ...held, id } : held));
    this.#put({ ...entry, attachments });
    return true;
  }

  /** How far an upload is looks different. */
  progressed(clientId) {
    const entry = this.#entries.get(clientId);
    if (entry) this.#changed(entry.conversationId);
  }

  /**
   * The next message to send of each conversation: one at a time keeps their order whatever happens on the way. A message
   * whose files are still on their way up lets texts pass, and holds back other files.
   */
  fronts() {
    const [fronts, uploading] = [new Map(), new Set()];
    for (const entry of this.#entries.values()) {
      const { conversationId, attachments, status } = entry;
      if (status !== "sending" || fronts.has(conversationId)) continue;
      if (!isUploaded(entry)) uploading.add(conversationId);
      else if (!attachments || !uploading.has(conversationId)) fronts.set(conversationId, entry);
    }
    return [...fronts.values()];
  }

  /** As a conversation shows them: shaped like messages, without a `seq`. */
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

  /** Counts an attempt that did not succeed, over reloads too. Answers how many there have been. */
  countAttempt(clientId) {
    const entry = this.#entries.get(clientId);
    if (!entry) return 0;
    const attempts = (entry.attempts ?? 0) + 1;
    this.#entries.set(clientId, { ...entry, attempts });
    if (this.#timer !== null) this.#save(); // a released outbox must not claim its messages again
    return attempts;
  }

  /** A failed message goes to the end: what was written after it may be stored by now. */
  retry(clientId) {
    const entry = this.#entries.get(clientId);
    if (entry?.status !== "failed") return false;
    this.#entries.delete(clientId);
    // The server may have refused its files, or have thrown them away meanwhile: then they are needed once more.
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

  /** Lets another tab, or the page after a reload, take over at once. */
  release() {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
    this.#write(0);
  }

  /** After `release`: this page goes on after all. */
  resume() {
    if (!this.#stored) return;
    this.#adopt();
    this.#save();
  }

  /** Takes the stored messages that no living tab claims. */
  #adopt() {
    const now = this.#clock.now();
    const free = this.#stored.read().filter((row) => isEntry(row) && !this.#entries.has(row.clientId));
    const mine = free.filter(({ claim }) => !claim || claim.until <= now || claim.tab === this.#tab);
    const kept = [...this.#entries.values()];
    const adopted = mine.map(({ claim, ...entry }) => ({ ...entry, senderId: this.#userId }));
    this.#entries = new Map([...adopted, ...kept].map((entry) => [entry.clientId, entry]));
    for (const conversationId of new Set(adopted.map((entry) => entry.conversationId))) this.#changed(conversationId);
  }

  #put(entry) {
    this.#entries.set(entry.clientId, entry);
    this.#save();
    this.#changed(entry.conversationId);
  }

  #drop(clientId) {
    const entry = this.#entries.get(clientId);
    if (!entry) return false;
    this.#entries.delete(clientId);
    this.#save([clientId]);
    this.#changed(entry.conversationId);
    return true;
  }

  /** Keeps our claims fresh while there is anything, ours or another tab's, to look after. */
  #save(gone = []) {
    const rest = this.#write(this.#clock.now() + LEASE, gone);
    if (rest === 0 || this.#timer !== null) return;
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = null;
      this.#adopt();
      this.#save();
    }, RENEWAL);
  }

  /** Writes our rows among the other tabs'. Answers how many rows there are now. */
  #write(until, gone = []) {
    if (!this.#stored) return 0;
    const ours = [...this.#entries.values()].map((entry) => ({ ...entry, claim: { tab: this.#tab, until } }));
    const known = new Set([...this.#entries.keys(), ...gone]);
    const others = this.#stored.read().filter((row) => isEntry(row) && !known.has(row.clientId));
    const rows = [...others, ...ours].slice(0, 2 * MOST);
    this.#stored.write(rows);
    return rows.length;
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

/** Anything may be in the storage; a row that is no message would never be sent, and is dropped. */
function isEntry(row) {
  const texts = [row?.clientId, row?.conversationId, row?.content];
  if (row?.attachments && !Array.isArray(row.attachments)) return false;
  return texts.every((text) => typeof text === "string") && ["sending", "failed"].includes(row.status);
}
