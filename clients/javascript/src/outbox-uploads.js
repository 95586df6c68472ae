import { ChatError } from "./errors.js";
import { randomId } from "./identifiers.js";
import { KeptFiles } from "./file-storage.js";

const MOST = 10; // files of a message
const STEP = 0.02; // the progress of an upload after which it is redrawn

/**
 * The files of the messages in the outbox. Each is uploaded separately; the message is sent after the last one. An upload
 * that a reload interrupts starts again afterwards, from the stored file.
 */
export class OutboxUploads {
  #outbox;
  #uploads;
  #files;
  #trouble;
  #under = new Map(); // key → {aborter, progress} of the running uploads
  #userId = null;

  constructor({ uploads, storage, trouble }) {
    this.#uploads = uploads;
    this.#trouble = trouble;
    this.#files = new KeptFiles(storage, trouble);
  }

  set outbox(outbox) {
    this.#outbox = outbox;
  }

  /** Store the files of a message before it enters the outbox. Returns its `attachments`. */
  keep(given) {
    if (given.length > MOST) throw new ChatError("invalid", `A message can have at most ${MOST} files.`, { limit: MOST });
    const all = given.map((each) => (each instanceof Blob ? { file: each } : each));
    if (!all.every((each) => each?.file instanceof Blob || each?.uploaded?.id)) {
      throw new ChatError("invalid", "An attachment is a Blob, {file: Blob} or {uploaded: Attachment}.");
    }
    return all.map((each) => (each.uploaded ? asKept(each.uploaded) : this.#keep(each)));
  }

  #keep({ file, kind, name = file.name, alt = null, width = null, height = null, durationMs = null, waveform = null }) {
    const key = randomId();
    this.#files.keep(key, file);
    const contentType = file.type || "application/octet-stream";
    const described = { name: name || "file", size: file.size, contentType, kind: kind ?? kindOf(contentType) };
    return { key, id: null, ...described, alt: alt || null, width, height, durationMs, waveform };
  }

  /** The user is known: upload the files of an earlier page, and delete files that no message needs. */
  async open(userId) {
    if (userId === this.#userId) return;
    this.stop();
    this.#userId = userId;
    this.#files.open(userId);
    this.pump();
    await this.#files.sweep((key) => this.#outbox.names(key));
  }

  /** Start the uploads that are not running. Safe to call at any time. */
  pump() {
    if (this.#userId === null) return;
    for (const entry of this.#outbox.entries) {
      if (entry.status !== "sending") continue;
      for (const attachment of entry.attachments ?? []) {
        if (!attachment.id && !this.#under.has(attachment.key)) this.#upload(entry, attachment);
      }
    }
  }

  /** The attachment of a pending message. */
  shown(attachment) {
    const { key, id, ...described } = attachment;
    const progress = id ? 1 : (this.#under.get(key)?.progress ?? 0);
    return Object.freeze({
      ...described,
      id: key,
      state: id ? "uploaded" : "uploading",
      progress,
      file: this.#files.at(key),
      placeholder: null,
      reason: null,
      url: null,
      thumbnailUrl: null,
    });
  }

  /** The message has left the outbox: it was stored, or deleted with its uploads (`discarded`). */
  left({ attachments = [] }, { discarded = false } = {}) {
    for (const { key, id } of attachments) {
      this.#cancel(key);
      this.#files.drop(key);
      if (discarded && id) this.#uploads.remove(id).catch(this.#trouble);
    }
  }

  wake() {
    this.#uploads.wake();
  }

  /** Stop the running uploads. `pump` starts them again. */
  stop() {
    for (const key of [...this.#under.keys()]) this.#cancel(key);
  }

  #cancel(key) {
    this.#under.get(key)?.aborter.abort();
    this.#under.delete(key);
  }

  async #upload({ clientId }, { key, kind, name, alt }) {
    const under = { aborter: new AbortController(), progress: 0 };
    this.#under.set(key, under);
    const onProgress = (progress) => this.#progressed(clientId, under, progress);
    try {
      const file = await this.#files.load(key);
      if (!file) throw new ChatError("file_lost", "The file is no longer in this browser. Please choose it again.");
      this.#outbox.progressed(clientId); // it can be shown now
      const given = kind === "voice" ? { kind } : {};
      const { id } = await this.#uploads.upload(file, { ...given, name, alt, onProgress, signal: under.aborter.signal });
      this.#forget(key, under);
      if (!this.#outbox.uploaded(clientId, key, id)) await this.#uploads.remove(id);
    } catch (error) {
      this.#forget(key, under);
      if (under.aborter.signal.aborted) return;
      if (!(error instanceof ChatError)) this.#trouble(error);
      this.#failed(clientId, error);
    }
  }

  /** A file that cannot be sent stops the message, so stop its other files. */
  #failed(clientId, error) {
    const entry = this.#outbox.get(clientId);
    if (!entry) return;
    for (const { key } of entry.attachments) this.#cancel(key);
    this.#outbox.fail(clientId, error instanceof ChatError ? error : new ChatError("invalid", error.message));
  }

  #forget(key, under) {
    if (this.#under.get(key) === under) this.#under.delete(key);
  }

  #progressed(clientId, under, progress) {
    const isNews = progress === 0 || progress === 1 || progress - under.progress >= STEP;
    if (!isNews || progress === under.progress) return;
    under.progress = progress;
    this.#outbox.progressed(clientId);
  }
}

/** An upload that the server has already. */
function asKept({ id, name, size, contentType, kind, alt = null, width = null, height = null, durationMs = null, waveform = null }) {
  return { key: randomId(), id, name, size, contentType, kind, alt, width, height, durationMs, waveform };
}

/** The expected kind, until the server has detected it. */
function kindOf(contentType) {
  const [kind] = contentType.split("/");
  return kind === "image" || kind === "video" ? kind : "file";
}
