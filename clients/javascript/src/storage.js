/** Used if the page has no `localStorage` or may not use it. It survives reconnects, but not a reload. */
class MemoryStorage {
  #items = new Map();

  getItem(key) {
    return this.#items.get(key) ?? null;
  }

  setItem(key, value) {
    this.#items.set(key, value);
  }

  removeItem(key) {
    this.#items.delete(key);
  }
}

export function defaultStorage() {
  try {
    return globalThis.localStorage ?? new MemoryStorage();
  } catch {
    return new MemoryStorage(); // the browser forbids even reading the property
  }
}

/** One JSON value under one key. Errors are reported to `trouble`, and the value is then only in memory. */
export class StoredList {
  #storage;
  #key;
  #trouble;

  constructor(storage, key, trouble) {
    this.#storage = storage;
    this.#key = key;
    this.#trouble = trouble;
  }

  read() {
    try {
      const value = JSON.parse(this.#storage.getItem(this.#key) ?? "[]");
      return Array.isArray(value) ? value : [];
    } catch (error) {
      this.#trouble(error);
      return [];
    }
  }

  /** Returns whether the storage has them. */
  write(rows) {
    try {
      if (rows.length) this.#storage.setItem(this.#key, JSON.stringify(rows));
      else this.#storage.removeItem(this.#key);
      return true;
    } catch (error) {
      this.#trouble(error);
      return false;
    }
  }
}
