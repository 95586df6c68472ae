import { isFromOther } from "./rows.js";
import { countUnread } from "./unread.js";

/** Whether somebody looks at the page, as far as a browser can tell. */
export function isLookedAt() {
  return document.visibilityState === "visible" && document.hasFocus();
}

/**
 * Marks as read what has been in view while somebody looked at the page. Whoever has reached the end has read everything
 * before it, also what was never in view.
 */
export class Reading {
  #view;
  #side;
  #find;
  #watcher;
  #atEnd;
  #toldUpTo = 0; // a `seq`; what is marked unread afterwards stays unread until something new comes
  #inView = new Set();
  #changed;
  #look = () => {
    this.#mark();
    this.#changed();
  };

  /** `find(messageId)` gives the message as it is now; `changed()`: somebody looks, or looks away; `atEnd()`. */
  constructor(view, scroller, { side, find, changed, atEnd }) {
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

  /** Messages may have come into what is in view, or changed in it. */
  check() {
    this.#mark();
  }

  /** Whoever answers has read all that is there. */
  readAll() {
    const newest = this.#view.messages.findLast((message) => message.seq !== null);
    if (!newest || newest.seq <= this.#toldUpTo) return;
    this.#toldUpTo = newest.seq;
    // The count of the conversation comes a moment after a new message, and knows of those that are not loaded.
    const { messages, conversation } = this.#view;
    if (countUnread(messages, this.#side()) || conversation?.unreadCount !== 0) this.#view.markReadUpTo(newest.seq);
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
