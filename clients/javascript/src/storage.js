/** Used where the page has no `localStorage`, or may not touch it: survives reconnects, but no reload. */
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
    return new MemoryStorage(); // the browser's privacy settings forbid even looking at it
  }
}

/** One JSON value under one key. What goes wrong is told to `trouble`, and then the value lives in memory alone. */
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

  write(rows) {
    try {
      if (rows.length) this.#storage.setItem(this.#key, JSON.stringify(rows));
      else this.#storage.removeItem(this.#key);
    } catch (error) {
      this.#trouble(error);
    }
  }
}
