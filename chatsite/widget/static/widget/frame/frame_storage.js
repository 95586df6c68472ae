import { forgetFiles } from "../../chat-client/chat-client.js";

/**
 * The frame's data in the browser. The browser partitions this storage by the site around the frame. Some browsers forbid a frame
 * all storage when third-party cookies are blocked (Chromium's private windows do). Then the page around the frame keeps the data.
 */
export class FrameStorage {
  #session;
  #guest;

  constructor(business, host) {
    this.#session = new StoredValue("sessionStorage", "session", business, host);
    this.#guest = new StoredValue("localStorage", "guest", business, host);
  }

  get session() {
    return this.#session.value;
  }

  set session(value) {
    this.#session.value = value;
  }

  get guest() {
    return this.#guest.value;
  }

  set guest(value) {
    this.#guest.value = value;
  }

  /** Delete the user's drafts and unsent messages, with their files. */
  async forget(userId) {
    const starts = [`business-chat:outbox:${userId}`, `business-chat:draft:${userId}:`];
    try {
      for (const key of Object.keys(localStorage)) {
        if (starts.some((start) => key.startsWith(start))) localStorage.removeItem(key);
      }
    } catch {
      // storage is forbidden, so nothing was stored
    }
    await forgetFiles(userId).catch(() => undefined); // the same
  }
}

class StoredValue {
  #area;
  #key;
  #name;
  #host;
  #isForbidden = false;

  constructor(area, name, business, host) {
    this.#area = area;
    this.#key = `business-chat:${name}:${business}`;
    this.#name = name;
    this.#host = host;
  }

  get value() {
    try {
      return JSON.parse(this.#text() ?? "null");
    } catch {
      return null; // not written by this version
    }
  }

  set value(value) {
    const text = value === null ? null : JSON.stringify(value);
    try {
      if (text === null) globalThis[this.#area].removeItem(this.#key);
      else globalThis[this.#area].setItem(this.#key, text);
    } catch {
      this.#isForbidden = true; // or full
    }
    if (this.#isForbidden) this.#host.keep(this.#name, text);
  }

  #text() {
    try {
      if (!this.#isForbidden) return globalThis[this.#area].getItem(this.#key);
    } catch {
      this.#isForbidden = true;
    }
    return this.#host.kept[this.#name] ?? null;
  }
}
