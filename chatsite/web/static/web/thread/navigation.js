import { isFromOther, keyOf } from "./rows.js";
import { countUnread } from "./unread.js";

const MOST_OPENING = 4; // pages to fetch at most to find the first unread message

/** Jumps in the history: to the first unread message, to any message, to the first one, to the latest. */
export class Navigation {
  isOpened = false; // the first position was found
  #thread;

  /** `thread`: view, source, list, line, people, quotes, roving, parts, showError(error). */
  constructor(thread) {
    this.#thread = thread;
  }

  /**
   * Show the first unread message, or the end if there is none: at once in the page's data, then in the fetched messages. Or show
   * the earlier scroll position `place`, if there is no newer message.
   */
  async open(place = null) {
    const { view, source, parts } = this.#thread;
    const isSeeded = source.messages.length > 0 && !this.#allUnread();
    if (isSeeded) this.#showFirstUnread();
    try {
      await view.ready();
      for (let pages = 0; pages < MOST_OPENING && this.#allUnread(); pages += 1) await source.load("older");
    } catch (error) {
      if (view.status !== "gone") this.#thread.showError(error);
    }
    if (!isSeeded && parts.section.isConnected) this.#showFirstUnread();
    if (place && this.#thread.line.from === null && parts.section.isConnected) await this.#restore(place);
  }

  async #restore(place) {
    try {
      await this.#thread.source.open(place.seq);
    } catch {
      return; // the latest messages are shown instead
    }
    const message = this.#thread.source.messages.find((one) => one.seq === place.seq);
    if (message) this.#thread.list.showPlace(place, keyOf(message));
  }

  /** The message with this id. */
  async find(messageId) {
    try {
      const message = await this.#thread.quotes.find(messageId);
      await this.jump(message.seq);
    } catch (error) {
      this.#thread.showError(error);
    }
  }

  /** The message of this `seq`. */
  async jump(seq) {
    const { source, list, roving } = this.#thread;
    await source.open(seq);
    const message = source.messages.find((one) => one.seq === seq);
    const node = message && list.showAround(seq, { key: keyOf(message) });
    if (!node) return;
    roving.focus(node);
    node.classList.remove("is-found");
    requestAnimationFrame(() => node.classList.add("is-found"));
  }

  async toEdge(which) {
    if (which === "last") {
      this.toLatest({ smooth: false });
      return this.#thread.roving.focusLast();
    }
    try {
      return await this.jump(1);
    } catch (error) {
      return this.#thread.showError(error);
    }
  }

  /** Scroll smoothly if it is near and the user does not prefer reduced motion. */
  toLatest({ smooth = true } = {}) {
    const { source, list, parts } = this.#thread;
    const { scrollTop, clientHeight } = parts.scroller;
    const near = source.isLatest && -scrollTop < 3 * clientHeight;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    source.latest();
    list.showEnd({ smooth: smooth && near && !calm });
  }

  #showFirstUnread() {
    const { source, line, people, list } = this.#thread;
    this.isOpened = true;
    line.find(source.messages, people.side);
    const index = source.messages.findIndex((message) => message.seq === line.from);
    if (line.from !== null && index < source.messages.length - 3) {
      list.showAround(line.from, { key: keyOf(source.messages[index]), block: "start" });
    } else list.showEnd();
  }

  #allUnread() {
    const { source, people } = this.#thread;
    const { messages, hasOlder } = source;
    const count = countUnread(messages, people.side);
    return hasOlder && count > 0 && count === messages.filter((one) => isFromOther(one, people.side)).length;
  }
}
