import { announce, isPlainClick, make, show } from "./dom.js";
import { errorText } from "./error_texts.js";
import { isMuted, isPinned } from "./conversation_actions.js";
import { emptyText, hasTeamFilter, loadSearchRule, passes, queryFor } from "./list_filters.js";
import { ListPages } from "./list_pages.js";
import { pinnedFirst } from "./pinned.js";
import { otherSide } from "./people.js";
import { previewText } from "./preview_text.js";
import { fillOwn, fillRow, newRow } from "./conversation_row.js";
import { RowKeys } from "./row_keys.js";
import { matches } from "./team/team_states.js";
import { storedDraft } from "./thread/drafts.js";

const MINUTE = 60_000;
const RENEWAL = 300; // milliseconds in which changes by the team cause one reload

/** The list of conversations: takes over the server's rendering and keeps it up to date. */
export class ConversationList {
  #root;
  #client;
  #session;
  #team;
  #states;
  #handlers;
  #filters;
  #items = new Map();
  #pages;
  #watcher = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && this.more());
  #loaded = false;
  #waiting = false; // for the first page of the current query
  #current = null;
  #scheduled = false;
  #renewal = null;
  #keys;

  /** `handlers`: `open(id)`, `href(id)`, `openMenu(id, opener)`, `drawn()`. */
  constructor(root, { client, session, team, states, filters, handlers }) {
    this.#root = root;
    this.#client = client;
    this.#session = session;
    this.#team = team;
    this.#states = states;
    this.#filters = filters;
    this.#handlers = handlers;
    for (const item of this.#rows.children) this.#items.set(item.dataset.id, item);
    this.#keys = new RowKeys(this.#rows);
    this.#pages = new ListPages(client, {
      query: () => queryFor(this.#filters, session.page),
      loaded: () => this.#onPageLoaded(),
      failed: (error) => this.#showError(error),
    });
    this.#listen();
  }

  get filters() {
    return this.#filters;
  }

  get #rows() {
    return this.#root.querySelector("[data-rows]");
  }

  setFilters(filters) {
    this.#filters = filters;
    this.#root.querySelector("[data-list-scroll]").scrollTop = 0;
    this.#waiting = true; // the list may be empty only after the answer
    this.#loaded = true; // the first answer, which may still be in transit, has rows of other filters
    this.render();
    return this.reload();
  }

  setCurrent(id) {
    this.#current = id;
    this.render();
  }

  find(id) {
    return this.#client.snapshot.conversations.find((conversation) => conversation.id === id);
  }

  /** The first page, again after every absence. */
  reload() {
    if (this.#filters.q) loadSearchRule();
    return this.#pages.reload();
  }

  more() {
    if (!this.#pages.canLoadMore) return;
    const button = this.#root.querySelector("[data-more] button");
    if (button) button.disabled = true;
    this.#pages.more();
  }

  /** Draw soon, once for all changes until then. */
  render() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (this.#loaded) this.#draw();
      else this.#drawServerRows();
    });
  }

  /** The id of the conversation before (-1) or after (1) the open one. */
  neighbour(step) {
    const ids = [...this.#rows.children].map((item) => item.dataset.id);
    const at = ids.indexOf(this.#current);
    return ids[at < 0 ? 0 : at + step] ?? null;
  }

  focus(id = this.#current) {
    const link = (this.#items.get(id) ?? this.#rows.firstElementChild)?.querySelector("[data-row]");
    link?.focus();
  }

  #onPageLoaded() {
    this.#loaded = true;
    this.#waiting = false;
    this.#root.dataset.loaded = "true";
    this.#drawMore();
    this.render();
  }

  #showError(error) {
    const again = make("button", { type: "button", className: "button" }, gettext("Try again"));
    again.addEventListener("click", () => this.reload());
    show(this.#root.querySelector("[data-list-empty]"), false); // unknown, because the list could not be fetched
    const place = this.#root.querySelector("[data-more]");
    place.replaceChildren(make("p", { className: "list-empty", role: "alert" }, errorText(error)), again);
  }

  #drawMore() {
    const place = this.#root.querySelector("[data-more]");
    if (!this.#pages.hasNext) return place.replaceChildren();
    const button = make("button", { type: "button", className: "button" }, gettext("Show more"));
    button.addEventListener("click", () => this.more());
    place.replaceChildren(button);
    // Load more when the end comes near. A new observer also reports what is in view already.
    this.#watcher.unobserve(place);
    return this.#watcher.observe(place);
  }

  #draw() {
    const shown = pinnedFirst(this.#client.snapshot.conversations.filter((one) => this.#isListed(one)));
    const many = this.#session.businesses.length > 1;
    for (const conversation of shown) {
      const item = this.#items.get(conversation.id) ?? newRow(conversation.id);
      this.#items.set(conversation.id, item);
      const { personId } = otherSide(conversation, this.#session.me);
      fillRow(item, conversation, {
        me: this.#session.me,
        href: this.#handlers.href(conversation.id),
        isOnline: personId !== null && this.#client.isUserOnline(personId),
        isOpen: conversation.id === this.#current,
        colleagues: this.#team.of(conversation.id),
        withBusiness: many,
        draft: conversation.id === this.#current ? "" : storedDraft(this.#session.me.id, conversation.id),
        pending: this.#client.pendingMessages(conversation.id),
        nameOf: (userId) => this.#states.nameOf(conversation, userId),
        team: this.#teamOf(conversation),
      });
    }
    this.#placeRows(shown.map(({ id }) => this.#items.get(id)));
    shown.forEach((one, at) => {
      const isLast = isPinned(one) && at + 1 < shown.length && !isPinned(shown[at + 1]);
      this.#items.get(one.id).classList.toggle("last-pinned", isLast);
    });
    this.#drawEmpty(shown.length);
    this.#handlers.drawn();
  }

  /** Before the first answer, the rows are the server's: show the user's own marks, and remove what no longer matches. */
  #drawServerRows() {
    this.#markCurrent();
    for (const conversation of this.#client.snapshot.conversations) {
      const item = this.#items.get(conversation.id);
      if (!item) continue;
      fillOwn(item, conversation);
      if (passes(conversation, this.#filters, { me: this.#session.me, current: this.#current, states: this.#states })) continue;
      item.remove();
      this.#items.delete(conversation.id);
    }
  }

  #teamOf(conversation) {
    const state = this.#states.isMember(conversation) ? this.#states.of(conversation) : null;
    return state && { state, ...this.#states.named(conversation, state) };
  }

  /** Move only the rows whose place has changed, so that focus and scroll position stay. */
  #placeRows(wanted) {
    const keep = new Set(wanted);
    for (const [id, item] of this.#items) {
      if (keep.has(item)) continue;
      if (item.contains(document.activeElement)) (item.nextElementSibling ?? item.previousElementSibling)?.querySelector("[data-row]").focus();
      item.remove();
      this.#items.delete(id);
    }
    const focused = document.activeElement;
    wanted.forEach((item, index) => {
      if (this.#rows.children[index] !== item) this.#rows.insertBefore(item, this.#rows.children[index] ?? null);
    });
    if (focused !== document.activeElement && this.#rows.contains(focused)) focused.focus({ preventScroll: true });
    this.#keys.renew();
  }

  #isListed(conversation) {
    if (!this.#pages.includes(conversation)) return false;
    return passes(conversation, this.#filters, { me: this.#session.me, current: this.#current, states: this.#states });
  }

  /** A conversation that did not match the filters may match now. */
  #onTeamStates(states) {
    this.render();
    if (!hasTeamFilter(this.#filters)) return;
    const ids = states.filter((state) => matches(state, this.#filters, this.#session.me)).map((state) => state.conversationId);
    const listed = ids.filter((id) => this.#pages.has(id));
    for (const id of listed) this.#pages.add(id); // the answer on its way may be from a time when it did not match
    if (listed.length === ids.length) return;
    clearTimeout(this.#renewal);
    this.#renewal = setTimeout(() => this.reload(), RENEWAL);
  }

  #drawEmpty(count) {
    const place = this.#root.querySelector("[data-list-empty]");
    show(place, count === 0);
    if (count) return;
    const { q, show: shown } = this.#filters;
    place.querySelector("[data-list-empty-text]").textContent = this.#waiting ? gettext("Loading…") : emptyText(this.#filters, this.#session.businesses.length > 0);
    show(place.querySelector("[data-clear-search]"), !this.#waiting && q);
    show(place.querySelector("[data-show-all]"), !this.#waiting && !q && (shown !== "all" || hasTeamFilter(this.#filters)));
    show(place.querySelector(".setup-link"), !this.#waiting && !q && shown === "all" && !hasTeamFilter(this.#filters));
    show(place.querySelector("[data-list-find]"), !this.#waiting && !q && shown === "all" && !this.#session.businesses.length);
  }

  #markCurrent() {
    for (const [id, item] of this.#items) {
      const link = item.querySelector("[data-row]");
      if (id === this.#current) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  #listen() {
    const client = this.#client;
    client.on("conversation_updated", ({ conversation }) => this.#onUpdated(conversation));
    for (const event of ["conversations", "pending_changes", "pending_messages", "unread", "presence"]) client.on(event, () => this.render());
    this.#team.on(() => this.render());
    this.#states.on((states) => this.#onTeamStates(states));
    addEventListener("storage", () => this.render()); // a draft of another tab
    setInterval(() => this.render(), MINUTE); // "12:04" turns into "Yesterday"
    this.#rows.addEventListener("click", (event) => {
      const item = event.target.closest("[data-id]");
      if (!item || !isPlainClick(event)) return;
      event.preventDefault();
      this.#handlers.open(item.dataset.id);
    });
    this.#rows.addEventListener("contextmenu", (event) => {
      const item = event.target.closest("[data-id]");
      if (!item || !this.find(item.dataset.id)) return; // not loaded yet: the browser's own menu
      event.preventDefault();
      this.#handlers.openMenu(item.dataset.id, item.querySelector("[data-row]"));
    });
  }

  #onUpdated(conversation) {
    this.#pages.add(conversation.id);
    this.render();
    if (!conversation.unreadCount || isMuted(conversation) || conversation.id === this.#current) return;
    const item = this.#items.get(conversation.id);
    item?.classList.remove("arrived");
    requestAnimationFrame(() => item?.classList.add("arrived"));
    const { name } = otherSide(conversation, this.#session.me);
    const text = gettext("Unread from %(name)s: %(preview)s");
    announce(interpolate(text, { name, preview: previewText(conversation, this.#session.me) }, true));
  }
}
