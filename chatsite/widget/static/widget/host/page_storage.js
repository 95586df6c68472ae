const AREAS = { seen: "localStorage", guest: "localStorage", session: "sessionStorage" };
const LONGEST = 10_000; // characters

/**
 * Data in the storage of the page's own origin: whether there was a chat here; and, if the browser forbids the frame
 * storage, the frame's data.
 */
export class PageStorage {
  #business;

  constructor(business) {
    this.#business = business;
  }

  get(name) {
    try {
      return globalThis[AREAS[name]].getItem(this.#key(name));
    } catch {
      return null; // the browser forbids storage here too
    }
  }

  /** `text` null deletes it. */
  set(name, text) {
    if (!Object.hasOwn(AREAS, name) || (text !== null && (typeof text !== "string" || text.length > LONGEST))) return;
    try {
      if (text === null) globalThis[AREAS[name]].removeItem(this.#key(name));
      else globalThis[AREAS[name]].setItem(this.#key(name), text);
    } catch {
      // the same: the next page starts again
    }
  }

  clear() {
    for (const name of Object.keys(AREAS)) this.set(name, null);
  }

  #key(name) {
    return `business-chat:${name}:${this.#business}`;
  }
}
