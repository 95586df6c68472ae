const AREAS = { seen: "localStorage", guest: "localStorage", session: "sessionStorage" };
const LONGEST = 10_000; // characters

/**
 * What is kept on the page's own origin: whether there has been a chat here; and, where the browser forbids the frame
 * storage of its own, what it would have kept there.
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
      return null; // the browser's settings forbid it here too
    }
  }

  /** `text` null forgets it. */
  set(name, text) {
    if (!Object.hasOwn(AREAS, name) || (text !== null && (typeof text !== "string" || text.length > LONGEST))) return;
    try {
      if (text === null) globalThis[AREAS[name]].removeItem(this.#key(name));
      else globalThis[AREAS[name]].setItem(this.#key(name), text);
    } catch {
      // likewise: then the next page begins anew
    }
  }

  clear() {
    for (const name of Object.keys(AREAS)) this.set(name, null);
  }

  #key(name) {
    return `business-chat:${name}:${this.#business}`;
  }
}
