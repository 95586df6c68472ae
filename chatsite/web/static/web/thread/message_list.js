import { ScrollAnchor } from "./scroll_anchor.js";

const MOST = 140; // the maximum of messages in the page
const STEP = 50; // messages to add when the user scrolls near an edge
const IDLE = 1_200; // milliseconds without a scroll event after which scrolling has ended
const RENEWAL = 30_000; // milliseconds until all is drawn again: times get older, and what could not be fetched is fetched again
const NEAR = 1.5; // heights of the viewport that count as near

/**
 * The messages around the visible ones, as nodes. Messages far away are removed again, so that the page stays small however
 * far the user scrolls. The visible messages stay in place when others are added or removed.
 *
 * The scroller is a reversed column: scroll position 0 is the newest message, and the browser keeps it there.
 */
export class MessageList {
  #scroller;
  #box;
  #source;
  #handlers;
  #anchor;
  #nodes = new Map(); // key → {node, row}
  #from = null; // the seq of the first message in the page; null: the newest ones
  #to = null; // the seq of the last one; null: the end
  #scheduled = null;
  #frame = null;
  #isExtending = false;
  #idleTimer = null;
  #renewal;

  /**
   * `handlers`: `rows(messages)` returns the rows in order, `draw(row, node | undefined, before)` creates or
   * updates a row's node, `drawn()` is called after each change, `scrolled()` after each scroll.
   */
  constructor(scroller, box, source, handlers) {
    this.#scroller = scroller;
    this.#box = box;
    this.#source = source;
    this.#handlers = handlers;
    this.#anchor = new ScrollAnchor(scroller, box, () => this.atEnd);
    scroller.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    this.#renewal = setInterval(() => this.schedule(), RENEWAL);
  }

  /** Whether the newest message is in view. */
  get atEnd() {
    return this.#to === null && this.#source.isLatest && -this.#scroller.scrollTop < 48;
  }

  /** The scroll position, for `showPlace`; null at the end. */
  get place() {
    const first = this.#anchor.first;
    return first && { seq: Number(first.node.dataset.seq), offset: first.offset };
  }

  showPlace({ seq, offset }, key) {
    const node = this.showAround(seq, { key, block: "start" });
    if (node) this.#anchor.scrollNodeTo(node, offset);
  }

  get rows() {
    return [...this.#nodes.values()];
  }

  nodeOf(key) {
    return this.#nodes.get(key)?.node;
  }

  rowOf(node) {
    return this.rows.find((entry) => entry.node === node)?.row;
  }

  /** Draw all changes in the next frame. A hidden page has no frames, so use a timer there. */
  schedule() {
    if (this.#scheduled !== null) return;
    const draw = () => this.#scheduled !== null && this.render();
    this.#scheduled = { frame: requestAnimationFrame(draw), timer: setTimeout(draw, 120) };
  }

  render() {
    this.#unschedule();
    this.#anchor.preserve(() => this.#reconcile());
    this.#handlers.drawn();
    this.#fill();
  }

  /** Show the newest messages. */
  showEnd({ smooth = false } = {}) {
    this.#from = this.#to = null;
    this.render();
    this.#anchor.release();
    this.#scroller.scrollTo({ top: 0, behavior: smooth ? "smooth" : "instant" });
    this.#handlers.scrolled();
  }

  /** Move the window to this `seq`, and scroll its node, or the one with `key`, to `block`. */
  showAround(seq, { key, block = "center" }) {
    const messages = this.#source.messages;
    const index = Math.max(0, indexOfSeq(messages, seq));
    this.#from = messages[Math.max(0, index - STEP)]?.seq ?? null;
    this.#to = this.#endSeq(messages, index + STEP + 1);
    this.render();
    const node = this.nodeOf(key);
    if (!node) return undefined;
    const room = this.#scroller.clientHeight - node.offsetHeight;
    const offset = block === "start" ? 0.2 * this.#scroller.clientHeight : Math.max(8, room / 2);
    this.#anchor.scrollNodeTo(node, offset);
    this.#fill();
    this.#handlers.scrolled();
    return node;
  }

  destroy() {
    this.#unschedule();
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#idleTimer);
    clearInterval(this.#renewal);
    this.#anchor.destroy();
  }

  #unschedule() {
    if (this.#scheduled === null) return;
    cancelAnimationFrame(this.#scheduled.frame);
    clearTimeout(this.#scheduled.timer);
    this.#scheduled = null;
  }

  #onScroll() {
    this.#box.classList.add("is-scrolling");
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.#box.classList.remove("is-scrolling"), IDLE);
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#anchor.record();
      this.#handlers.scrolled();
      this.#fill();
    });
  }

  /** The messages in the page: `[start, end)` of all loaded ones. */
  #range(messages) {
    let end = this.#to === null ? messages.length : indexOfSeq(messages, this.#to) + 1;
    let start = this.#from === null ? Math.max(0, end - STEP) : indexOfSeq(messages, this.#from);
    if (start < 0 || end <= 0 || start >= end) [start, end] = [Math.max(0, messages.length - STEP), messages.length];
    if (end - start > MOST && this.#to === null) {
      // At the end, remove the oldest. Further up, new messages at the end stay out of the page.
      if (this.atEnd) start = end - STEP;
      else end = start + MOST;
    }
    return [start, end];
  }

  #reconcile() {
    const messages = this.#source.messages;
    const [start, end] = this.#range(messages);
    const shown = messages.slice(start, end);
    this.#from = shown.find((message) => message.seq !== null)?.seq ?? null;
    this.#to = this.#endSeq(messages, end);
    const rows = this.#handlers.rows(shown, { atEnd: this.#to === null && this.#source.isLatest });
    const wanted = new Set(rows.map((row) => row.key));
    for (const [key, { node }] of this.#nodes) {
      if (wanted.has(key)) continue;
      node.remove();
      this.#nodes.delete(key);
    }
    let cursor = this.#box.firstChild;
    for (const row of rows) {
      const node = this.#draw(row);
      if (node === cursor) cursor = cursor.nextSibling;
      else this.#box.insertBefore(node, cursor);
    }
  }

  #draw(row) {
    const known = this.#nodes.get(row.key);
    const node = this.#handlers.draw(row, known?.node, known?.row);
    if (known && node !== known.node) known.node.remove();
    this.#nodes.set(row.key, { node, row });
    return node;
  }

  /** Add the messages near an edge, from the loaded ones or from the server. */
  #fill() {
    if (this.#isExtending) return;
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    if (!clientHeight) return;
    const above = scrollHeight - clientHeight + scrollTop;
    const near = NEAR * clientHeight;
    if (above < near && this.#extendUp()) return;
    if (-scrollTop < near) this.#extendDown();
  }

  #extendUp() {
    const messages = this.#source.messages;
    const [start, end] = this.#range(messages);
    if (start === 0) return this.#fetch("older", this.#source.hasOlder);
    const from = Math.max(0, start - STEP);
    this.#from = messages[from].seq;
    this.#to = this.#endSeq(messages, Math.min(end, from + MOST));
    return this.#renderMore();
  }

  #extendDown() {
    const messages = this.#source.messages;
    const [start, end] = this.#range(messages);
    if (this.#to === null) return this.#fetch("newer", this.#source.hasNewer);
    const to = Math.min(messages.length, end + STEP);
    this.#to = this.#endSeq(messages, to);
    this.#from = messages[Math.max(start, to - MOST)].seq;
    return this.#renderMore();
  }

  #renderMore() {
    this.#isExtending = true;
    this.render();
    this.#isExtending = false;
    this.schedule();
    return true;
  }

  #fetch(side, more) {
    if (!more || this.#source.isLoading(side)) return false;
    const before = this.#source.messages;
    // The next scroll fetches a page again that could not be fetched.
    this.#source.load(side).then(
      () => this.#source.messages !== before && this.schedule(),
      () => this.#handlers.drawn(),
    );
    this.#handlers.drawn();
    return true;
  }

  /** The `seq` before which the window ends; null if it reaches the end, with unsent messages. */
  #endSeq(messages, end) {
    return end >= messages.length ? null : (messages[end - 1]?.seq ?? null);
  }
}

/** The index of the message with this `seq`, or of the one before it; -1 if all come after. */
function indexOfSeq(messages, seq) {
  let [low, high] = [0, messages.findLastIndex((message) => message.seq !== null)];
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (messages[middle].seq <= seq) low = middle + 1;
    else high = middle - 1;
  }
  return high;
}
