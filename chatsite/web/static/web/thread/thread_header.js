import { lastSeenLabel } from "./dates.js";
import { el, iconButton } from "./dom.js";
import { initialsOf } from "./initials.js";
import { gettext } from "./texts.js";
import { typingText } from "./typists.js";

const PATIENCE = 1_500; // milliseconds without a connection before it is shown
const MOST_FACES = 3;

/** The name of the other side, its presence, and the state of the connection. */
export class ThreadHeader {
  element;
  #name = el("bdi");
  #presence = el("p", { class: "thread-presence" });
  #faces = el("span", { class: "thread-faces", role: "img" });
  #avatar = el("span", { class: "avatar", "aria-hidden": "true" });
  #connection = el("p", { class: "thread-connection", role: "status" });
  #client;
  #late = null;
  #pending = 0;
  #shown = null;

  constructor(client, onBack) {
    this.#client = client;
    const back = onBack && iconButton("back", gettext("Back"), { class: "back", on: { click: () => onBack() } });
    const who = el("div", { class: "thread-who" }, el("h2", { class: "thread-name" }, this.#name), el("div", { class: "thread-status" }, this.#faces, this.#presence));
    this.element = el("header", { class: "thread-head" }, back, this.#avatar, who);
  }

  /** The line below the header while there is no connection. */
  get connection() {
    return this.#connection;
  }

  /** `name` and the ids of the other side's people, the names of those who are typing, the hours, and who is there to see. */
  show(state) {
    this.#shown = state;
    const { name, others, typing, hours, faces } = state;
    if (this.#name.textContent !== name) {
      this.#name.textContent = name;
      this.#avatar.textContent = initialsOf(name);
    }
    const isOnline = others.some((id) => this.#client.isUserOnline(id));
    const isKnown = !this.#connection.textContent;
    const text = typing.length ? typingText(typing) : isKnown ? this.#presenceText(isOnline, others, hours) : "";
    if (this.#presence.textContent !== text) this.#presence.textContent = text;
    this.#presence.classList.toggle("is-online", isKnown && isOnline && !typing.length);
    this.#presence.classList.toggle("is-typing", typing.length > 0);
    this.#showFaces(isKnown ? faces.slice(0, MOST_FACES).map((person) => person.name) : []);
  }

  /** `state` of the client, and the number of unsent messages. */
  showConnection(state, pending) {
    if (state === "ready") return this.#setConnectionText("");
    if (state === "signed_out") return this.#setConnectionText(gettext("You are signed out. Sign in again to continue."));
    this.#pending = pending;
    const words = () =>
      this.#pending || !navigator.onLine
        ? gettext("No connection. Your messages are sent as soon as you are connected.")
        : gettext("Connecting…");
    if (this.#connection.textContent) return this.#setConnectionText(words());
    this.#late ??= setTimeout(() => this.#setConnectionText(words()), PATIENCE);
    return undefined;
  }

  destroy() {
    clearTimeout(this.#late);
  }

  #setConnectionText(text) {
    clearTimeout(this.#late);
    this.#late = null;
    if (this.#connection.textContent !== text) this.#connection.textContent = text;
    this.#connection.classList.toggle("is-shown", text !== "");
    if (this.#shown) this.show(this.#shown);
  }

  #showFaces(names) {
    const label = names.join(", ");
    if (this.#faces.ariaLabel === label) return;
    this.#faces.ariaLabel = this.#faces.title = label;
    this.#faces.hidden = !names.length;
    this.#faces.replaceChildren(...names.map((name) => el("span", { class: "avatar" }, initialsOf(name))));
  }

  #presenceText(isOnline, others, hours) {
    if (isOnline) return [gettext("Online"), hours.answerTime].filter(Boolean).join(" · ");
    if (hours.text) return hours.text;
    const { presence } = this.#client.snapshot;
    const seen = others.map((id) => presence.get(id)?.lastSeen).filter(Boolean);
    return seen.length ? lastSeenLabel(new Date(seen.sort().at(-1))) : "";
  }
}
