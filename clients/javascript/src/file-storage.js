const DATABASE = "business-chat";
const STORE = "files";

/** Used if the page has no IndexedDB or may not use it. Files survive reconnects, but not a reload. */
export class MemoryFiles {
  #rows = new Map();

  async get(key) {
    return this.#rows.get(key) ?? null;
  }

  async set(key, row) {
    this.#rows.set(key, row);
  }

  async delete(key) {
    this.#rows.delete(key);
  }

  async keys() {
    return [...this.#rows.keys()];
  }
}

/** Files in an IndexedDB database. */
export class IndexedDbFiles {
  #factory;
  #database = null;

  constructor(factory = globalThis.indexedDB) {
    this.#factory = factory;
  }

  async get(key) {
    return (await this.#run("readonly", (store) => store.get(key))) ?? null;
  }

  async set(key, row) {
    await this.#run("readwrite", (store) => store.put(row, key));
  }

  async delete(key) {
    await this.#run("readwrite", (store) => store.delete(key));
  }

  keys() {
    return this.#run("readonly", (store) => store.getAllKeys());
  }

  async #run(mode, step) {
    this.#database ??= this.#open();
    const transaction = (await this.#database).transaction(STORE, mode);
    const request = step(transaction.objectStore(STORE));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  }

  async #open() {
    try {
      return await openDatabase(this.#factory, () => (this.#database = null));
    } catch (error) {
      this.#database = null; // the next call tries again
      throw error;
    }
  }
}

/** `ended()` is called when the browser closes the database, for example because its data was deleted. */
function openDatabase(factory, ended) {
  return new Promise((resolve, reject) => {
    const request = factory.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const database = request.result;
      database.onclose = ended;
      database.onversionchange = () => {
        database.close();
        ended();
      };
      resolve(database);
    };
  });
}

export function defaultFileStorage() {
  try {
    return globalThis.indexedDB ? new IndexedDbFiles() : new MemoryFiles();
  } catch {
    return new MemoryFiles(); // the browser forbids it
  }
}

/** Deletes the stored files of a user's unsent messages, for example at logout on a shared computer. */
export async function forgetFiles(userId, storage = defaultFileStorage()) {
  const keys = await storage.keys();
  await Promise.all(keys.filter((key) => key.startsWith(`${userId}/`)).map((key) => storage.delete(key)));
}

/**
 * The files of the outbox's messages: in memory, and in the storage under the user's id, for the time after a reload.
 * An error of the storage is reported to `trouble`, and the file is then only in memory.
 */
export class KeptFiles {
  #storage;
  #trouble;
  #files = new Map();
  #userId = null;

  constructor(storage, trouble) {
    this.#storage = storage ?? defaultFileStorage();
    this.#trouble = trouble;
  }

  /** The user is known: store the files so far under that user's id. */
  open(userId) {
    if (userId === this.#userId) return;
    const isFirst = this.#userId === null;
    this.#userId = userId;
    if (!isFirst) this.#files.clear(); // they belong to another user
    for (const [key, file] of this.#files) this.#store(key, file);
  }

  keep(key, file) {
    this.#files.set(key, file);
    if (this.#userId !== null) this.#store(key, file);
  }

  /** The file if it is in memory. */
  at(key) {
    return this.#files.get(key) ?? null;
  }

  /** The file, or null if it is lost. */
  async load(key) {
    const held = this.at(key);
    if (held) return held;
    const file = await this.#try(() => this.#storage.get(this.#path(key)));
    if (file) this.#files.set(key, file);
    return file ?? null;
  }

  drop(key) {
    this.#files.delete(key);
    this.#try(() => this.#storage.delete(this.#path(key)));
  }

  /** Deletes the stored files of this user that no message of the outbox names. */
  async sweep(isWanted) {
    const start = this.#path("");
    const keys = (await this.#try(() => this.#storage.keys())) ?? [];
    for (const key of keys) {
      if (key.startsWith(start) && !isWanted(key.slice(start.length))) this.drop(key.slice(start.length));
    }
  }

  #store(key, file) {
    this.#try(() => this.#storage.set(this.#path(key), file));
  }

  #path(key) {
    return `${this.#userId}/${key}`;
  }

  async #try(step) {
    try {
      return await step();
    } catch (error) {
      this.#trouble(error);
      return null;
    }
  }
}
