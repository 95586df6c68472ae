import { backoff } from "./clock.js";
import { ChatError, isPermanent } from "./errors.js";
import { transfer } from "./http-transfer.js";
import { parsed } from "./rest.js";

const PARALLEL = 2; // uploads at a time, as many as one server process reads at once; the others wait
const MAX_ATTEMPTS = 8; // failures that are not caused by the network alone
const DIRECT_ATTEMPTS = 2; // to reach the storage, before the file goes through the server
const DIRECT_SIZE = 1024 * 1024; // the size in bytes from which a direct upload is worth its two extra requests
const OFFLINE_CHECK = 30_000; // milliseconds after which an upload without a network checks again

/** The codes that say nothing about the file: there is no network or no session, or the server asks to wait. */
const PATIENT = new Set(["unreachable", "unavailable", "rate_limited", "unauthenticated"]);

/** The codes of a server without direct uploads, and of an older one. */
const NOT_DIRECT = new Set(["conflict", "not_found", "method_not_allowed"]);

/**
 * Uploads files: several at once, directly to the storage if the server offers it, with as many attempts as necessary.
 * Without a network they wait.
 */
export class Uploads {
  #rest;
  #clock;
  #http;
  #isConnected;
  #running = 0;
  #queue = [];
  #sleepers = new Set();
  #isDirect = true; // until the server refuses it

  /** `http`: fetch, and XMLHttpRequest if there is one. `isConnected()`: whether the socket is up. */
  constructor({ rest, clock, http, isConnected }) {
    this.#isConnected = isConnected;
    this.#rest = rest;
    this.#clock = clock;
    this.#http = http;
  }

  /**
   * Resolves with the server's attachment. Calls `onProgress(fraction)` with 0 to 1. `signal` cancels
   * it: then this rejects with `aborted`. It also rejects when the server refuses the file.
   */
  async upload(file, { kind, name, alt, onProgress = () => undefined, signal = new AbortController().signal } = {}) {
    const upload = { file, kind, alt, name: name ?? file.name ?? "file", onProgress, signal, direct: DIRECT_ATTEMPTS, failures: 0 };
    throwIfAborted(signal);
    await this.#waitForTurn(signal);
    try {
      return await this.#retryUntilStored(upload);
    } finally {
      this.#startNext();
    }
  }

  /** Delete an upload that no message uses. */
  async remove(id) {
    try {
      await this.#rest.delete(`/chat/uploads/${id}`);
    } catch (error) {
      if (error.code !== "not_found") throw error; // already deleted
    }
  }

  /** The network may be back: let waiting uploads try again. */
  wake() {
    for (const wake of [...this.#sleepers]) wake();
  }

  /** Wait for a free slot. An upload that ends passes on its slot. */
  async #waitForTurn(signal) {
    if (this.#running < PARALLEL) {
      this.#running += 1;
      return;
    }
    await new Promise((resolve, reject) => {
      const start = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        this.#queue.splice(this.#queue.indexOf(start), 1);
        reject(aborted());
      };
      this.#queue.push(start);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  #startNext() {
    const next = this.#queue.shift();
    if (next) next();
    else this.#running -= 1;
  }

  async #retryUntilStored(upload) {
    for (let attempt = 1; ; attempt += 1) {
      throwIfAborted(upload.signal);
      try {
        return await this.#attempt(upload);
      } catch (error) {
        throwIfAborted(upload.signal);
        if (!(error instanceof ChatError) || isPermanent(error)) throw error;
        if (this.#isCounted(error) && (upload.failures += 1) >= MAX_ATTEMPTS) throw error;
        upload.onProgress(0);
        await this.#pause(upload.signal, error, attempt);
      }
    }
  }

  /** A connection that breaks while the server is up may mean that it refuses the file. */
  #isCounted({ code }) {
    return !PATIENT.has(code) || (code === "unreachable" && this.#isConnected());
  }

  async #attempt(upload) {
    const mayBeDirect = this.#isDirect && upload.direct > 0 && upload.file.size >= DIRECT_SIZE;
    const begun = mayBeDirect ? await this.#begin(upload) : null;
    if (!begun) return this.#throughServer(upload);
    try {
      await this.#intoStorage(begun.upload, upload);
    } catch (error) {
      upload.direct -= 1;
      throw error;
    }
    return this.#rest.post(`/chat/uploads/${begun.id}/complete`);
  }

  /** Get an address in the storage; null if the server takes the files itself. */
  async #begin({ file, kind, name, alt }) {
    const body = { name, size: file.size, contentType: file.type || "application/octet-stream", ...(kind && { kind }), ...(alt && { alt }) };
    try {
      return await this.#rest.post("/chat/uploads/begin", body);
    } catch (error) {
      if (!NOT_DIRECT.has(error.code)) throw error;
      this.#isDirect = false;
      return null;
    }
  }

  async #intoStorage({ method, url, fields, headers = {} }, upload) {
    const body = fields ? formOf({ ...fields, file: upload.file }, upload.name) : upload.file;
    const answer = await this.#send({ method, url: this.#rest.resolve(url), headers, body, cookies: false }, upload);
    if (answer.status === 413) throw new ChatError("too_large", "The file is too large.", {}, 413);
    if (answer.status >= 300) throw new ChatError("unavailable", `The storage refused with ${answer.status}.`, {}, answer.status);
  }

  #throughServer(upload) {
    const { file, kind, name, alt } = upload;
    return this.#rest.authorized("POST", async (headers) => {
      const request = { method: "POST", url: this.#rest.url("/chat/uploads"), body: formOf({ ...(kind && { kind }), ...(alt && { alt }), file }, name) };
      const cookies = !headers.Authorization;
      const answer = await this.#send({ ...request, headers: { Accept: "application/json", ...headers }, cookies }, upload);
      return parsed(answer.status, answer.body);
    });
  }

  /** Progress counts the bytes of the whole request, including the form. */
  #send(request, { file, onProgress, signal }) {
    const report = (sent) => onProgress(Math.min(1, sent / Math.max(1, file.size)));
    const { size } = file;
    return transfer({ ...request, size }, { ...this.#http, clock: this.#clock, onProgress: report, signal });
  }

  #pause(signal, error, attempt) {
    const away = globalThis.navigator?.onLine === false;
    const asked = error.details?.retryAfter ? error.retryAfter() : 0;
    const delay = away ? OFFLINE_CHECK : Math.max(asked, 500 + backoff(this.#clock, attempt - 1));
    return new Promise((resolve) => {
      const end = () => {
        this.#clock.clearTimeout(timer);
        this.#sleepers.delete(wake);
        signal.removeEventListener("abort", end);
        resolve();
      };
      // Wait as long as the server asks, even if the network has just come back.
      const wake = () => asked || end();
      const timer = this.#clock.setTimeout(end, delay);
      this.#sleepers.add(wake);
      signal.addEventListener("abort", end);
    });
  }
}

/** The file must be the last field, because a storage ignores fields after it. */
function formOf(values, name) {
  const form = new FormData();
  for (const [key, value] of Object.entries(values)) {
    if (key === "file") form.append(key, value, name);
    else form.append(key, value);
  }
  return form;
}

function throwIfAborted(signal) {
  if (signal.aborted) throw aborted();
}

function aborted() {
  return new ChatError("aborted", "The upload was cancelled.");
}
