import { OpeningHours } from "./opening_hours.js";
import { gettext, interpolate, ngettext } from "./texts.js";
import { countUnread } from "./unread.js";

/** The controls around the messages: the header, the state of the conversation, the button to the latest message. */
export class ThreadChrome {
  #thread;
  #connection = "";
  #hours;

  /** `thread`: client, view, source, list, people, head, composer, parts, typing, isOpen(). */
  constructor(thread) {
    this.#thread = thread;
    this.#hours = new OpeningHours(thread.client.rest, thread.initial.availability, () => this.showHead());
  }

  show() {
    this.showHead();
    this.showConnection();
    this.showLatest();
    this.#showWriting();
    this.#showEmptiness();
  }

  showHead() {
    const { head, people, conversation, typing } = this.#thread;
    if (conversation && people.side === "customer") this.#hours.renew(conversation.businessId);
    head.show({ name: people.otherName, others: people.others, typing: typing.others, hours: this.#hours, faces: this.#faces });
  }

  /** Customers see who of the business is there. */
  get #faces() {
    const { people, client } = this.#thread;
    return people.side === "customer" ? people.all.filter(({ id, side }) => side === "business" && client.isUserOnline(id)) : [];
  }

  showConnection() {
    const { client, head } = this.#thread;
    const { pending } = client.snapshot;
    const now = `${client.state} ${pending}`;
    if (this.#connection === now) return;
    this.#connection = now;
    head.showConnection(client.state, pending);
  }

  showLatest() {
    const { list, view, people, parts } = this.#thread;
    const { latest, count } = parts;
    const away = !list.atEnd;
    const unread = away ? countUnread(view.messages, people.side) : 0;
    latest.hidden = !away;
    const text = unread > 99 ? "99+" : unread ? String(unread) : "";
    if (count.textContent !== text) count.textContent = text;
    const label = latestLabel(unread);
    if (latest.getAttribute("aria-label") !== label) latest.setAttribute("aria-label", label);
  }

  #showWriting() {
    const { parts, view, composer } = this.#thread;
    const isOpen = this.#thread.isOpen();
    parts.closed.textContent = this.#closedText(view);
    parts.closed.hidden = isOpen;
    composer.element.hidden = !isOpen;
    composer.renew();
  }

  #closedText({ status }) {
    if (status === "gone") return gettext("This conversation is no longer available.");
    if (this.#thread.client.state === "signed_out") return gettext("You are signed out. Sign in again to write.");
    const { conversation, people } = this.#thread;
    if (!conversation?.frozen && conversation?.blocked) {
      return interpolate(gettext("You have blocked %(name)s. To write again, unblock them in the menu of the conversation."), { name: people.otherName });
    }
    return gettext("A moderator has closed this conversation. You can read it, but you cannot send messages.");
  }

  #showEmptiness() {
    const { parts, source, view } = this.#thread;
    const isEmpty = !source.messages.length && !source.hasOlder && !parts.box.querySelector(".row-note");
    parts.empty.hidden = !isEmpty || view.status === "gone";
    const isLoading = view.status === "loading";
    parts.empty.textContent = isLoading ? gettext("Loading…") : gettext("No messages yet. Say hello!");
    parts.middle.classList.toggle("is-loading-older", source.isLoading("older"));
    parts.section.setAttribute("aria-busy", String(isLoading));
  }
}

function latestLabel(unread) {
  if (!unread) return gettext("Go to the latest message");
  const text = ngettext("%(count)s new message: go to the latest", "%(count)s new messages: go to the latest", unread);
  return interpolate(text, { count: unread });
}
