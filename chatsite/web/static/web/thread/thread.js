import { Actions } from "./actions.js";
import { Announcer } from "./announcer.js";
import { Composer } from "./composer.js";
import { showOneDay } from "./dividers.js";
import { Draft, browserStorage } from "./drafts.js";
import { ThreadHeader } from "./thread_header.js";
import { buildLayout } from "./layout.js";
import { MessageList } from "./message_list.js";
import { Navigation } from "./navigation.js";
import { Note } from "./note.js";
import { Offers } from "./offers.js";
import { People } from "./people.js";
import { PeopleLoader } from "./people_loader.js";
import { Quotes, summary } from "./quotes.js";
import { watchDoubleTaps } from "./reactions.js";
import { Reading, isLookedAt } from "./reading.js";
import { RovingTabindex } from "./roving_tabindex.js";
import { isFromOther, rowsOf } from "./rows.js";
import { latestOf, readInitialData, seedOf } from "./initial_data.js";
import { MessageSource } from "./message_source.js";
import { RowPainter } from "./row_painter.js";
import { ThreadAttachments } from "./thread_attachments.js";
import { ThreadChrome } from "./thread_chrome.js";
import { gettext, interpolate } from "./texts.js";
import { Typists } from "./typists.js";
import { UnreadLine, countUnread } from "./unread.js";

const ERROR_SHOWN = 8_000; // milliseconds

/**
 * Mount the live view of one conversation in `root`. It replaces the server's transcript, if `root` has one.
 *
 * `client`: a ChatClient; `me`: `{id, name}`; `onBack`: called by a back button, which is shown if this is set; `storage`: keeps
 * drafts, by default `localStorage`; `place`: the first scroll position, from an earlier view's `place`; `team`: creates the
 * additions for members (`ThreadTeam`).
 *
 * Returns `{focus(), jump(seq), destroy(), place, seed}`. `seed` has the view's data in the form of the page's JSON element.
 */
export function mountThread(root, options) {
  const thread = new Thread(root, options);
  return {
    focus: () => thread.composer.focus(),
    jump: (seq) => thread.opened.then(() => thread.navigation.jump(seq)).catch((error) => thread.showError(error)),
    destroy: () => thread.destroy(),
    get place() {
      return thread.list.place;
    },
    get seed() {
      return thread.seed;
    },
  };
}

class Thread {
  #stops = [];
  #errorTimer = null;

  constructor(root, { client, conversationId, me, onBack, place = null, storage = browserStorage(), team = null }) {
    Object.assign(this, { root, client, me, initial: readInitialData(root) });
    this.view = client.join(conversationId, { initial: latestOf(this.initial) });
    this.line = new UnreadLine();
    this.people = new People(me, () => this.conversation);
    this.people.learn(this.initial.people);
    this.source = new MessageSource(this.view, this.initial.page, {
      changed: () => this.list?.schedule(),
      withChanges: (messages) => client.withChanges(messages),
      stale: (seq) => this.navigation.jump(seq).catch((error) => this.showError(error)),
    });
    this.typing = new Typists(this.view, this.people);
    const changed = () => this.list.schedule();
    this.peopleLoader = new PeopleLoader(this.people, {
      fetch: async () => (await client.rest.get(`/chat/conversations/${conversationId}/people`)).results,
      changed,
    });
    this.quotes = new Quotes(this.source, client.rest, changed);
    this.offers = new Offers(client.rest, conversationId, changed);
    this.draft = new Draft(storage, me.id, conversationId, (draft) => this.composer.fill(draft));
    this.#build(onBack, team);
    this.#listen();
    this.#start(place);
  }

  get seed() {
    return seedOf(this, this.people.all, this.initial.limit);
  }

  get conversation() {
    const conversation = this.view.conversation ?? this.initial.conversation;
    return conversation && this.client.withChanges([conversation])[0];
  }

  isOpen() {
    return !this.conversation?.frozen && !this.conversation?.blocked && this.view.status !== "gone" && this.client.state !== "signed_out";
  }

  destroy() {
    for (const stop of this.#stops) stop();
    clearTimeout(this.#errorTimer);
    this.note.clear();
    this.actions.closeMenu();
    for (const part of [this.list, this.head, this.draft, this.reading, this.attachments, this.team]) part?.destroy();
    this.source.latest();
    this.view.leave();
    this.section.remove();
  }

  announce(text) {
    this.announcer.say(text);
  }

  /** Show that an action of the user failed. */
  showError(error) {
    clearTimeout(this.#errorTimer);
    const away = ["disconnected", "timeout", "unreachable", "unavailable"].includes(error.code);
    this.parts.error.textContent = away
      ? gettext("That did not work: there is no connection. Please try again.")
      : interpolate(gettext("That did not work: %(reason)s"), { reason: error.message });
    this.#errorTimer = setTimeout(() => (this.parts.error.textContent = ""), ERROR_SHOWN);
  }

  // Setup
  #build(onBack, team) {
    this.head = new ThreadHeader(this.client, onBack);
    this.announcer = new Announcer();
    this.note = new Note();
    this.attachments = new ThreadAttachments(this, this.initial.attachments);
    this.composer = this.#makeComposer();
    this.team = team?.(this);
    this.parts = buildLayout(this);
    this.chrome = new ThreadChrome(this);
    this.navigation = new Navigation(this);
    this.section = this.parts.section;
    this.attachments.listen(this.section, this.parts.box);
    this.actions = new Actions(this);
    this.painter = new RowPainter(this);
    this.list = new MessageList(this.parts.scroller, this.parts.box, this.source, {
      rows: (messages, where) => this.#rows(messages, where),
      draw: (row, node, before) => this.painter.draw(row, node, before),
      drawn: () => this.#onDrawn(),
      scrolled: () => this.#onScrolled(),
    });
    this.reading = new Reading(this.client, this.view, this.parts.scroller, {
      side: () => this.people.side,
      // Only after the first unread message was found, because reading changes it.
      find: (id) => (this.navigation.isOpened ? this.source.find(id) : undefined),
      changed: () => this.#onAttention(),
      atEnd: () => this.navigation.isOpened && this.view.status === "ready" && this.list.atEnd,
    });
    this.roving = new RovingTabindex(this.parts.box, {
      act: (key, node) => this.#onMessageKey(key, node),
      edge: (which) => this.navigation.toEdge(which),
      leave: () => this.composer.focus(),
    });
  }

  #makeComposer() {
    const handlers = {
      send: (text, replyTo) => this.send(text, replyTo, this.attachments.tray.files),
      edit: (message, text) => this.actions.edit(message, text),
      draft: (draft) => this.draft.keep(draft),
      typing: () => this.view.startTyping(),
      idle: () => this.view.stopTyping(),
      editLast: () => this.#editLast(),
      quote: (id) => this.quote(id),
    };
    return new Composer(this.initial.limit, handlers, this.attachments);
  }

  #listen() {
    const { client, view, parts } = this;
    const onChanged = (event) => this.quotes.renew(event.message);
    this.#stops = [
      view.on("change", () => this.list.schedule()),
      view.on("new_message", ({ message }) => this.#onMessage(message)),
      view.on("message_edited", onChanged),
      view.on("message_deleted", onChanged),
      view.on("message_deleted", ({ message }) => this.attachments.deleted(message.id)),
      client.on("state", (state) => this.#onState(state)),
      client.on("pending_changes", () => this.list.schedule()),
      client.on("change_refused", (refusal) => this.actions.onRefused(refusal)),
      client.on("message_failed", ({ error }) => error.code !== "discarded" && this.announce(gettext("Not sent"))),
      client.on("presence", () => this.chrome.showHead()),
    ];
    parts.latest.addEventListener("click", () => this.navigation.toLatest());
    watchDoubleTaps(parts.box, (node) => this.actions.like(this.messageOf(node)));
    parts.box.addEventListener("contextmenu", (event) => this.#onContextMenu(event));
  }

  /** Replace the server's transcript at once, and then find the first unread message. */
  #start(place) {
    const draft = this.draft.read();
    this.composer.fill(this.initial.written ? { text: this.initial.written } : draft);
    this.root.replaceChildren(this.section);
    this.list.render();
    if (this.initial.hadFocus) this.composer.focus();
    if (!this.initial.people.length) this.peopleLoader.load();
    this.opened = this.navigation.open(place);
  }

  // Drawing
  #rows(messages, { atEnd }) {
    const { side } = this.people;
    if (this.navigation.isOpened && this.line.from !== null) this.line.find(messages, side);
    const rows = rowsOf(this.team?.withNotes(messages, { atEnd }) ?? messages, { side, me: this.me.id, unreadFrom: this.line.from });
    return atEnd ? [...rows, ...this.typing.rows()] : rows;
  }

  #onDrawn() {
    this.roving.renew();
    this.reading.check();
    this.chrome.show();
    showOneDay(this.parts.scroller, this.parts.box);
    this.peopleLoader.loadSendersOf(this.source.messages);
  }

  #onScrolled() {
    this.chrome.showLatest();
    this.reading.check();
    showOneDay(this.parts.scroller, this.parts.box);
  }

  quote(messageId) {
    const { state, message } = this.quotes.of(messageId);
    const name = message ? this.people.nameOf(message) : null;
    return { state, name: name ?? "", text: message && !message.deletedAt ? summary(message) : "" };
  }

  // Events, and actions of the user

  #onMessage(message) {
    if (!isFromOther(message, this.people.side)) return;
    this.line.arrived(message, isLookedAt() && this.list.atEnd);
    const name = this.people.nameOf(message);
    this.announce(interpolate(gettext("%(name)s: %(text)s"), { name, text: summary(message) }));
  }

  #onState(state) {
    this.chrome.showConnection();
    if (state === "signed_out" || state === "ready") this.list.schedule(); // "ready": fetch again what could not be fetched
  }

  #onAttention() {
    // Messages that arrive while the user looks elsewhere get a new divider, after the previous ones were read.
    if (!isLookedAt() && countUnread(this.view.messages, this.people.side) === 0) this.line.clear();
  }

  send(text, replyTo, attachments) {
    try {
      const files = attachments.length ? { attachments } : {};
      this.view.send({ text: attachments.length ? text.trim() : text, ...files, ...(replyTo && { replyTo }) });
    } catch (error) {
      this.composer.fill({ text, replyTo });
      this.showError(error);
      return;
    }
    this.attachments.sent(attachments);
    this.line.clear();
    this.reading.readAll();
    this.source.latest();
    this.list.showEnd();
  }

  #editLast() {
    const last = this.view.messages.findLast((message) => this.actions.canEdit(message));
    if (last) this.composer.edit(last);
  }

  messageOf(node) {
    return this.source.messages.find((message) => message.id === node.dataset.message);
  }

  #onMessageKey(key, node) {
    const message = this.messageOf(node);
    return message && message.senderSide !== "system" && this.actions.handleKey(key, message, node);
  }

  #onContextMenu(event) {
    const node = event.target.closest(".row-message:not(.row-system)");
    if (!node || event.target.closest("a") || String(getSelection())) return;
    event.preventDefault();
    this.actions.openMenu(this.messageOf(node), node, node.querySelector(".bubble"));
  }
}
