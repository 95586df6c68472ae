import { isFromOther } from "./rows.js";
import { countUnread } from "./unread.js";

/** Whether the page is in view, as far as a browser knows. */
export function isLookedAt() {
  return document.visibilityState === "visible" && document.hasFocus();
}

/**
 * Marks messages as read that were in view while the user looked at the page. A user who has reached the end has read everything
 * before it, also messages that were never in view.
 */
export class Reading {
  #client;
  #view;
  #side;
  #find;
  #watcher;
  #atEnd;
  #toldUpTo = 0; // a `seq`; messages that are marked as unread later stay unread until a new one arrives
  #inView = new Set();
  #changed;
  #look = () => {
    this.#mark();
    this.#changed();
  };

  /** `find(messageId)` returns the current message; `changed()` is called when the user looks at the page or away; `atEnd()`. */
  constructor(client, view, scroller, { side, find, changed, atEnd }) {
    this.#client = client;
    this.#view = view;
    this.#side = side;
    this.#find = find;
    this.#changed = changed;
    this.#atEnd = atEnd;
    const options = { root: scroller, threshold: [0, 0.25, 0.5, 0.75, 1] };
    this.#watcher = new IntersectionObserver((entries) => this.#saw(entries), options);
    for (const event of ["focus", "blur"]) addEventListener(event, this.#look);
    document.addEventListener("visibilitychange", this.#look);
  }

  watch(node) {
    this.#watcher.observe(node);
  }

  forget(node) {
    this.#inView.delete(node);
    this.#watcher.unobserve(node);
  }

  /** Call when messages in view may have changed. */
  check() {
    this.#mark();
  }

  /** A user who answers has read everything. */
  readAll() {
    const newest = this.#view.messages.findLast((message) => message.seq !== null);
    if (!newest || newest.seq <= this.#toldUpTo) return;
    this.#toldUpTo = newest.seq;
    // The count of the conversation arrives just after a new message, and includes messages that are not loaded.
    const { id, messages } = this.#view;
    const shown = this.#client.snapshot.conversations.find((one) => one.id === id); // perhaps just marked as unread
    if (countUnread(messages, this.#side()) || shown?.unreadCount !== 0) this.#view.markReadUpTo(newest.seq);
  }

  destroy() {
    this.#watcher.disconnect();
    for (const event of ["focus", "blur"]) removeEventListener(event, this.#look);
    document.removeEventListener("visibilitychange", this.#look);
  }

  #saw(entries) {
    for (const { target, intersectionRatio, intersectionRect, rootBounds } of entries) {
      const fills = rootBounds && intersectionRect.height > 0.4 * rootBounds.height;
      if (target.isConnected && (intersectionRatio >= 0.5 || fills)) this.#inView.add(target);
      else this.#inView.delete(target);
    }
    this.#mark();
  }

  #mark() {
    if (!isLookedAt()) return;
    if (this.#atEnd()) return this.readAll();
    const side = this.#side();
    const messages = [...this.#inView].map((node) => this.#find(node.dataset.message));
    const fresh = messages.filter((message) => message && isFromOther(message, side) && message.status !== "read");
    if (fresh.length) this.#view.markRead(fresh.map((message) => message.id));
  }
}
