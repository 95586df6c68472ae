const GATHER = 250; // milliseconds after a keystroke

/** The unsent text of one conversation, stored over reloads and shared with other tabs of this user. */
export class Draft {
  #storage;
  #key;
  #changed;
  #timer = null;
  #waiting = null;
  #listener = (event) => this.#onStorage(event);

  /** `changed({text, replyTo})` is called when another tab has written. */
  constructor(storage, userId, conversationId, changed) {
    this.#storage = storage;
    this.#key = keyOf(userId, conversationId);
    this.#changed = changed;
    addEventListener("storage", this.#listener);
    addEventListener("pagehide", this.flush);
  }

  read() {
    try {
      return parsed(this.#storage?.getItem(this.#key));
    } catch {
      return parsed(null); // storage is forbidden: drafts last as long as the page
    }
  }

  keep(draft) {
    this.#waiting = draft;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.flush, GATHER);
  }

  flush = () => {
    clearTimeout(this.#timer);
    const draft = this.#waiting;
    this.#waiting = null;
    if (!draft) return;
    try {
      if (draft.text || draft.replyTo) this.#storage?.setItem(this.#key, JSON.stringify(draft));
      else this.#storage?.removeItem(this.#key);
    } catch {
      this.#storage = null; // storage is full or forbidden: the same
    }
  };

  destroy() {
    this.flush();
    removeEventListener("storage", this.#listener);
    removeEventListener("pagehide", this.flush);
  }

  #onStorage(event) {
    if (event.key !== this.#key || event.newValue === event.oldValue) return;
    clearTimeout(this.#timer);
    this.#waiting = null;
    this.#changed(parsed(event.newValue));
  }
}

function keyOf(userId, conversationId) {
  return `business-chat:draft:${userId}:${conversationId}`;
}

/** This user's unsent text of a conversation, on one line; "" if there is none. */
export function storedDraft(userId, conversationId) {
  try {
    const { text } = parsed(browserStorage()?.getItem(keyOf(userId, conversationId)));
    return text.trim().replace(/\s+/g, " ").slice(0, 200);
  } catch {
    return ""; // storage is forbidden
  }
}

function parsed(value) {
  let draft = null;
  try {
    draft = JSON.parse(value ?? "null");
  } catch {
    draft = null; // not written by this version
  }
  const text = typeof draft?.text === "string" ? draft.text : "";
  return { text, replyTo: typeof draft?.replyTo === "string" ? draft.replyTo : null };
}

/** The default storage of drafts; null if the browser forbids storage. */
export function browserStorage() {
  try {
    return globalThis.localStorage;
  } catch {
    return null;
  }
}
