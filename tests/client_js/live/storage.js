import { readFileSync, writeFileSync } from "node:fs";

/** `localStorage` in a file, so that it outlives a killed process as a browser's outlives a page. */
export class FileStorage {
  constructor(path) {
    this.path = path;
  }

  getItem(key) {
    return this.#read()[key] ?? null;
  }

  setItem(key, value) {
    this.#write({ ...this.#read(), [key]: value });
  }

  removeItem(key) {
    const { [key]: _, ...others } = this.#read();
    this.#write(others);
  }

  #read() {
    try {
      return JSON.parse(readFileSync(this.path, "utf8"));
    } catch (error) {
      if (error.code === "ENOENT") return {};
      throw error;
    }
  }

  #write(items) {
    writeFileSync(this.path, JSON.stringify(items));
  }
}
