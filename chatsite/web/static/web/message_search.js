import { announce, isPlainClick, make, show } from "./dom.js";
import { errorText } from "./error_texts.js";
import { otherSide } from "./people.js";
import { setTime } from "./times.js";

const SHORTEST = 2; // characters; a single one is in almost every message
const FIRST = 8; // messages below the conversations, until the user asks for more
const CONTEXT = 60; // characters before the first word found
const LENGTH = 220;

/** The messages that match the search, below the conversations that match it. */
export class MessageSearch {
  #root;
  #client;
  #session;
  #handlers;
  #filters = { q: "", business: "" };
  #has = "";
  #isMine = false;
  #next = null;
  #serial = 0;

  /** `handlers`: `href(id)`, `openAt(id, seq)`. */
  constructor(root, { client, session, handlers }) {
    this.#client = client;
    this.#session = session;
    this.#handlers = handlers;
    this.#root = root.querySelector("[data-found-messages]");
    this.#root.addEventListener("click", (event) => this.#onClick(event));
    for (const button of this.#root.querySelectorAll("[data-has]")) {
      button.addEventListener("click", () => this.#filter(button.dataset.has));
    }
    this.#root.querySelector("[data-from-me]").addEventListener("click", () => this.#toggleMine());
    for (const input of this.#root.querySelectorAll('input[type="date"]')) input.addEventListener("change", () => this.#load());
  }

  search({ q, business }) {
    this.#filters = { q, business };
    if (q.length < SHORTEST) return this.#clear();
    return this.#load();
  }

  #filter(has) {
    this.#has = this.#has === has ? "" : has;
    for (const button of this.#root.querySelectorAll("[data-has]")) {
      button.setAttribute("aria-pressed", String(button.dataset.has === this.#has));
    }
    this.#load();
  }

  #toggleMine() {
    this.#isMine = !this.#isMine;
    this.#root.querySelector("[data-from-me]").setAttribute("aria-pressed", String(this.#isMine));
    this.#load();
  }

  /** Midnight in the user's time zone: at the beginning of the day, or of the next day. */
  #midnight(name, days) {
    const { value } = this.#root.querySelector(`[data-${name}]`);
    if (!value) return undefined;
    const [year, month, day] = value.split("-").map(Number);
    return new Date(year, month - 1, day + days).toISOString();
  }

  get #query() {
    const { q, business } = this.#filters;
    const [from, to] = [this.#midnight("since", 0), this.#midnight("until", 1)];
    const senderId = this.#isMine ? this.#session.me.id : undefined;
    return { q, businessId: business || undefined, has: this.#has || undefined, senderId, from, to, limit: FIRST };
  }

  #clear() {
    this.#serial += 1;
    this.#next = null;
    show(this.#root, false);
    this.#list.replaceChildren();
  }

  async #load(cursor = null) {
    const serial = ++this.#serial;
    const query = { ...this.#query, cursor };
    show(this.#root, true);
    try {
      const { results, next } = await this.#client.searchMessages(query);
      if (serial !== this.#serial) return;
      this.#next = next ? new URL(next).searchParams.get("cursor") : null;
      const rows = results.map((found) => this.#row(found));
      if (cursor) this.#list.append(...rows);
      else this.#list.replaceChildren(...rows);
      this.#showStatus(this.#list.children.length ? "" : gettext("No message contains these words."), true);
      const count = this.#list.children.length;
      announce(interpolate(ngettext("%(count)s message found", "%(count)s messages found", count), { count }, true));
    } catch (error) {
      if (serial === this.#serial) this.#showStatus(errorText(error));
    }
    if (serial === this.#serial) show(this.#root.querySelector("[data-found-more]"), this.#next !== null);
  }

  get #list() {
    return this.#root.querySelector("[data-found-list]");
  }

  /** `isPlain`: the text is not an error. */
  #showStatus(text, isPlain = false) {
    const place = this.#root.querySelector("[data-found-none]");
    place.classList.toggle("is-plain", isPlain);
    place.textContent = text;
    show(place, text !== "");
  }

  #row({ message, conversation, highlights }) {
    const { name } = otherSide(conversation, this.#session.me);
    const link = make("a", { className: "found-message", href: this.#handlers.href(conversation.id), data: { conversation: conversation.id, seq: String(message.seq) } });
    const time = make("time", { className: "entry-time", dir: "auto" });
    setTime(time, message.createdAt);
    link.append(
      make("span", { className: "entry-name", dir: "auto" }, name),
      time,
      make("span", { className: "found-text", dir: "auto" }, ...highlighted(message.content, highlights)),
    );
    return make("li", {}, link);
  }

  #onClick(event) {
    if (event.target.closest("[data-found-more]")) return this.#load(this.#next);
    const link = event.target.closest("[data-seq]");
    if (!link || !isPlainClick(event)) return undefined;
    event.preventDefault();
    return this.#handlers.openAt(link.dataset.conversation, Number(link.dataset.seq));
  }
}

/** The part of the text around the match. The server counts code points, and JavaScript counts UTF-16 units. */
function highlighted(content, highlights) {
  const characters = [...content];
  const from = Math.max(0, (highlights[0]?.[0] ?? 0) - CONTEXT);
  const to = Math.min(characters.length, from + LENGTH);
  const text = (start, end) => characters.slice(start, end).join("").replace(/\s+/gu, " ");
  const nodes = [from > 0 ? "…" : ""];
  let done = from;
  for (const [start, end] of highlights) {
    if (start < done || start >= to) continue;
    nodes.push(text(done, start), make("mark", {}, text(start, Math.min(end, to))));
    done = Math.min(end, to);
  }
  return [...nodes, text(done, to), to < characters.length ? "…" : ""];
}
