import { getPreference, setPreference } from "./preferences.js";
import { otherSide } from "./people.js";
import { previewText } from "./preview_text.js";

const NAME = "desktop";
const FRESH = 60_000; // milliseconds: of a conversation that we did not know, a message from before is no news

/** The system's notifications, for what one is not looking at. Permission is asked by the button and never else. */
export class DesktopNotifications {
  #root;
  #session;
  #handlers;
  #known = new Map(); // conversation id: what was unread when we last heard

  /** `handlers`: `isLooking(conversationId)`, `open(conversationId)`, `openAlerts()`. */
  constructor(root, { client, session, handlers }) {
    this.#root = root;
    this.#session = session;
    this.#handlers = handlers;
    if (!("Notification" in globalThis)) return;
    root.hidden = false;
    root.querySelector("button").addEventListener("click", () => this.#toggle());
    // After `conversation_updated`, which is told at the same moment: to that, this is what was known before.
    client.on("conversations", (all) => queueMicrotask(() => this.#note(all)));
    client.on("conversation_updated", ({ conversation }) => this.#moved(conversation));
    client.on("notification", (event) => this.#told(event));
    this.#draw();
  }

  get isOn() {
    return getPreference(NAME) === "on" && Notification.permission === "granted";
  }

  async #toggle() {
    if (this.isOn) setPreference(NAME, null);
    else {
      const permission = Notification.permission === "default" ? await Notification.requestPermission() : Notification.permission;
      setPreference(NAME, permission === "granted" ? "on" : null);
    }
    this.#draw();
  }

  #draw() {
    const button = this.#root.querySelector("button");
    button.setAttribute("aria-pressed", String(this.isOn));
    button.textContent = this.isOn ? gettext("Turn off desktop notifications") : gettext("Turn on desktop notifications");
    const denied = Notification.permission === "denied";
    button.disabled = denied;
    this.#root.querySelector("[data-desktop-text]").textContent = denied
      ? gettext("Your browser blocks them for this site. Allow them in its settings for this page.")
      : "";
  }

  #note(all) {
    for (const { id, unreadCount } of all) if (!this.#known.has(id)) this.#known.set(id, unreadCount);
  }

  #moved(conversation) {
    const { id, unreadCount } = conversation;
    const before = this.#known.get(id) ?? (isFresh(conversation) ? 0 : unreadCount);
    this.#known.set(id, unreadCount);
    if (unreadCount <= before || this.#handlers.isLooking(id)) return;
    const { name } = otherSide(conversation, this.#session.me);
    this.#show(name, previewText(conversation, this.#session.me), `conversation-${id}`, () => this.#handlers.open(id));
  }

  #told({ notification, deleted, readAll, repeated }) {
    if (deleted || readAll || repeated || notification.readAt || !notification.title) return;
    this.#show(notification.title, notification.body, `notification-${notification.id}`, () => this.#handlers.openAlerts());
  }

  /** The tag lets several tabs of ours show one. */
  #show(title, body, tag, open) {
    if (!this.isOn) return;
    const shown = new Notification(title, { body, tag });
    shown.addEventListener("click", () => {
      globalThis.focus();
      shown.close();
      open();
    });
  }
}

function isFresh({ lastMessageAt }) {
  return lastMessageAt !== null && Date.now() - Date.parse(lastMessageAt) < FRESH;
}
