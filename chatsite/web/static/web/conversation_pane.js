import { copyOf, isPhone, make, show } from "./dom.js";
import { tintOf } from "./people.js";
import { mountThread } from "./thread/thread.js";
import { toasts } from "./toast.js";
import { VisitedPanes, paneFrom } from "./visited_panes.js";
import { initialsOf } from "./thread/initials.js";

/** The open conversation: fetches its HTML from the server, mounts the thread on it, and unmounts it. */
export class ConversationPane {
  #main;
  #client;
  #session;
  #team;
  #states;
  #teamParts;
  #handlers;
  #thread = null;
  #bar = null;
  #customer = null;
  #aborter = null;
  #visited = new VisitedPanes();
  #places = new Map(); // conversation id → scroll position
  #failed = false;
  #targetSeq = null; // the `seq` of the message to show after opening
  id = null;

  /** `handlers`: `back()`, `archive(id, archived)`, `openMenu(id, opener)`. */
  constructor(main, { client, session, team, states, teamParts, handlers }) {
    this.#main = main;
    this.#client = client;
    this.#session = session;
    this.#team = team;
    this.#states = states;
    this.#teamParts = teamParts;
    this.#handlers = handlers;
    team.on(() => this.#drawTeam());
    for (const event of ["conversations", "pending_changes"]) client.on(event, () => this.#drawConversation());
    client.on("ready", () => this.#failed && this.open(this.id));
    addEventListener("online", () => this.#failed && this.open(this.id));
  }

  get #element() {
    return this.#main.querySelector(".pane");
  }

  /** Show the message with this `seq` in the conversation that is open or being opened. */
  jump(seq) {
    if (this.#thread) this.#thread.jump(seq);
    else this.#targetSeq = seq;
  }

  /** Take over the pane that the server has rendered with the page. */
  adopt() {
    const pane = this.#element;
    if (!pane) return;
    this.id = pane.dataset.conversation;
    this.#visited.fetched(this.id, pane.outerHTML);
    this.#mount(pane);
  }

  async open(id) {
    this.close();
    this.id = id;
    const waiting = copyOf("skeleton-template");
    show(this.#placeholder, false);
    this.#main.append(waiting);
    this.#main.setAttribute("aria-busy", "true");
    this.#aborter = new AbortController();
    const { signal } = this.#aborter;
    try {
      const html = await fetchPane(`${this.#session.urls.inbox}/c/${id}/thread`, signal);
      waiting.remove();
      if (signal.aborted) return;
      this.#visited.fetched(id, html);
      this.#show(paneFrom(html));
    } catch (error) {
      waiting.remove();
      if (signal.aborted) return;
      const pane = error.status ? null : this.#visited.paneOf(id);
      if (pane) this.#show(pane);
      else this.#showError(error);
    } finally {
      if (!signal.aborted) this.#main.removeAttribute("aria-busy");
    }
  }

  close() {
    this.#aborter?.abort();
    this.#failed = false;
    this.#targetSeq = null;
    if (this.#thread) {
      this.#places.set(this.id, this.#thread.place);
      this.#visited.left(this.id, this.#thread.seed);
    }
    this.#thread?.destroy();
    this.#bar?.destroy();
    this.#customer?.destroy();
    this.#thread = this.#bar = this.#customer = null;
    this.id = null;
    this.#team.look(null);
    for (const child of [...this.#main.children]) if (!child.matches("[data-nothing-open], h1")) child.remove();
    this.#main.removeAttribute("aria-busy");
    show(this.#placeholder, true);
  }

  focus() {
    this.#thread?.focus();
  }

  get #placeholder() {
    return this.#main.querySelector("[data-nothing-open]");
  }

  #show(pane) {
    // Somebody who has joined the business since the page was loaded needs the page of a member.
    if (pane.dataset.side === "business" && !this.#teamParts) return location.reload();
    this.#main.append(pane);
    this.#mount(pane);
    // On a phone the keyboard would cover the messages.
    if (isPhone()) this.#main.focus({ preventScroll: true });
    else this.focus();
  }

  #mount(pane) {
    const root = pane.querySelector("[data-thread]");
    this.#thread = mountThread(root, {
      client: this.#client,
      conversationId: this.id,
      me: this.#session.me,
      place: this.#places.get(this.id) ?? null,
      onBack: () => this.#handlers.back(),
      team: this.#teamParts && ((thread) => this.#teamOf(thread, this.#teamParts)),
    });
    if (this.#targetSeq !== null) this.#thread.jump(this.#targetSeq);
    this.#targetSeq = null;
    this.#setUpHeader(root.querySelector(".thread-head"), pane);
    if (this.#teamParts && pane.dataset.side === "business") this.#mountTeam(root, pane, this.#teamParts);
    this.#team.look(pane.dataset.side === "business" ? this.id : null);
    root.addEventListener("input", (event) => event.target.closest(".composer:not(.is-note)") && this.#team.write());
    root.addEventListener("submit", () => this.#team.stopWriting());
    pane.querySelector("[data-back]").addEventListener("click", (event) => {
      event.preventDefault();
      this.#handlers.back();
    });
    pane.querySelector("[data-archive]").addEventListener("submit", (event) => {
      event.preventDefault();
      const isArchived = pane.querySelector("[data-archived]").dataset.archived === "1";
      this.#handlers.archive(pane.dataset.conversation, !isArchived);
    });
    const more = pane.querySelector("[data-conversation-menu]");
    more.addEventListener("click", () => this.#handlers.openMenu(this.id, more));
    this.#drawTeam();
    this.#drawArchived();
  }

  /** Show in the header of the conversation view what this page knows about the conversation. */
  #setUpHeader(head, pane) {
    const { business } = pane.dataset;
    if (this.#session.businesses.length > 1 && business) {
      head.querySelector(".thread-name").append(make("span", { className: "pane-business" }, " · ", make("bdi", {}, business)));
    }
    head.append(pane.querySelector("[data-tools]"));
  }

  #teamOf(thread, { ThreadTeam }) {
    const { businesses, currencies } = this.#session;
    const isOwner = businesses.some(({ id, role }) => id === thread.conversation?.businessId && role === "owner");
    return new ThreadTeam(thread, { isOwner, currencies });
  }

  #mountTeam(root, pane, { CustomerPlace, TeamBar, openAssistant }) {
    const conversation = () => this.#conversation;
    this.#customer = new CustomerPlace({ rest: this.#client.rest, states: this.#states, id: this.id, conversation });
    pane.append(this.#customer.element);
    root.querySelector("[data-conversation-menu]").before(this.#customer.button);
    this.#bar = new TeamBar(this.#states, { conversation, me: this.#session.me });
    root.querySelector(".thread-head").after(this.#bar.element);
    const composer = root.querySelector(".composer");
    composer.before(make("p", { className: "collision", role: "status", hidden: true }));
    if (this.#session.assistants) this.#mountAssistant(composer, openAssistant);
  }

  #mountAssistant(composer, openAssistant) {
    const conversationId = this.id;
    const place = make("details", { className: "assistant" }, make("summary", {}, gettext("Assistant")));
    const insert = (text) => insertText(composer.querySelector("textarea"), text);
    const fill = async () => {
      const { AssistantPanel } = await openAssistant(toasts);
      place.append(...new AssistantPanel({ client: this.#client, conversationId, insert }).children);
    };
    place.addEventListener("toggle", fill, { once: true });
    composer.before(place);
  }

  get #conversation() {
    return this.#client.snapshot.conversations.find(({ id }) => id === this.id) ?? this.#thread?.seed.conversation;
  }

  #drawTeam() {
    this.#drawCollision();
    const place = this.#element?.querySelector("[data-team]");
    if (!place) return;
    const marks = this.#team.of(this.id).map(({ userId, name, answering }) => {
      const text = answering ? gettext("%(name)s is answering") : gettext("%(name)s is viewing this");
      const mark = make("span", { className: "avatar small", data: { tint: tintOf(userId) }, aria: { hidden: "true" } }, initialsOf(name));
      return [mark, make("span", {}, interpolate(text, { name }, true))];
    });
    place.replaceChildren(...marks.flat());
  }

  #drawConversation() {
    this.#drawArchived();
    this.#bar?.draw();
  }

  /** Show at the field that a colleague is answering, so that not both answer. */
  #drawCollision() {
    const place = this.#element?.querySelector(".collision");
    if (!place) return;
    const names = this.#team.of(this.id).filter(({ userId, answering }) => answering && userId !== this.#session.me.id).map(({ name }) => name);
    place.hidden = !names.length;
    const words = gettext("%(name)s is answering this customer now.");
    place.textContent = names.length ? interpolate(words, { name: names.join(", ") }, true) : "";
  }

  #drawArchived() {
    const button = this.#element?.querySelector("[data-archived]");
    const known = this.#client.snapshot.conversations.find(({ id }) => id === this.id);
    if (!button || !known) return;
    button.dataset.archived = known.archived ? "1" : "0";
    button.querySelector("[data-archive-text]").textContent = known.archived ? gettext("Move to inbox") : gettext("Archive");
  }

  #showError(error) {
    const id = this.id;
    const gone = error.status === 404;
    this.#failed = !gone; // try again after the next connect
    const title = gone ? gettext("Not found") : gettext("This conversation could not be loaded");
    const text = gone
      ? gettext("It does not exist, or you do not have access to it.")
      : gettext("There is no connection. The conversation opens as soon as you are connected.");
    const again = make("button", { type: "button", className: "button primary" }, gettext("Try again"));
    again.addEventListener("click", () => this.open(id));
    const back = make("button", { type: "button", className: "button" }, gettext("Back to the list"));
    back.addEventListener("click", () => this.#handlers.back());
    const buttons = make("p", { className: "empty-buttons" }, ...(gone ? [back] : [again, back]));
    const words = [make("h2", {}, title), make("p", {}, text)];
    this.#main.append(make("div", { className: "empty pane-failed", role: "alert" }, ...words, buttons));
  }
}

function insertText(field, text) {
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

/** The server's rendering of the pane, the same as in a whole page. */
async function fetchPane(address, signal) {
  const response = await fetch(address, { signal, credentials: "same-origin" });
  if (response.redirected) location.reload(); // redirected to the sign-in page, which returns here afterwards
  if (!response.ok) throw Object.assign(new Error(`the conversation answered ${response.status}`), { status: response.status });
  return response.text();
}
