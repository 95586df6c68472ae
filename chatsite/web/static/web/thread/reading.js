import { isFromOther } from "./rows.js";

/** Whether somebody looks at the page, as far as a browser can tell. */
export function isLookedAt() {
  return document.visibilityState === "visible" && document.hasFocus();
}

/** Marks as read what has been in view while somebody looked at the page; nothing else. */
export class Reading {
  #view;
  #side;
  #find;
  #watcher;
  #inView = new Set();
  #changed;
  #look = () => {
    this.#mark();
    this.#changed();
  };

  /** `find(messageId)` gives the message as it is now; `changed()`: somebody looks, or looks away. */
  constructor(view, scroller, { side, find, changed }) {
    this.#view = view;
    this.#side = side;
    this.#find = find;
    this.#changed = changed;
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
    const side = this.#side();
    const messages = [...this.#inView].map((node) => this.#find(node.dataset.message));
    const fresh = messages.filter((message) => message && isFromOther(message, side) && message.status !== "read");
    if (fresh.length) this.#view.markRead(fresh.map((message) => message.id));
  }
}
