import { getPreference, setPreference } from "./preferences.js";
import { otherSide } from "./people.js";
import { previewText } from "./preview_text.js";
import { toast } from "./toast.js";

const NAME = "desktop";
const ASKED = "desktop-asked"; // set after the question was shown once in this browser
const ASKING = 20_000; // milliseconds

/**
 * The system's notifications, for messages that the user is not looking at. If the site sends pushes, this browser then shows
 * them while the page is closed, too. The browser asks for permission only after a click.
 */
export class DesktopNotifications {
  #root;
  #session;
  #handlers;
  #device;

  /** `news`: a `NewMessages`. `handlers`: `open(conversationId)`, `href(conversationId)`, `openAlerts()`. */
  constructor(root, { client, news, session, device, handlers }) {
    this.#root = root;
    this.#session = session;
    this.#handlers = handlers;
    this.#device = device;
    if (!("Notification" in globalThis)) return;
    root.hidden = false;
    root.querySelector("button").addEventListener("click", () => this.#toggle());
    news.on((conversation) => this.#onMessage(conversation));
    client.on("notification", (event) => this.#onNotification(event));
    client.on("message_acked", () => this.#suggest());
    this.#draw();
    if (device.isPossible) this.#subscribe();
  }

  get isOn() {
    return getPreference(NAME) === "on" && Notification.permission === "granted";
  }

  async #toggle() {
    setPreference(ASKED, "yes");
    if (this.isOn) {
      setPreference(NAME, null);
      await this.#device.unsubscribe().catch((error) => console.warn(error));
    } else {
      const permission = Notification.permission === "default" ? await Notification.requestPermission() : Notification.permission;
      setPreference(NAME, permission === "granted" ? "on" : null);
    }
    this.#draw();
    await this.#subscribe();
  }

  /** If the push service cannot be reached, notifications still work while the page is open. */
  async #subscribe() {
    if (!this.isOn || !this.#device.isPossible) return;
    try {
      await this.#device.subscribe();
    } catch (error) {
      console.warn("this browser could not be subscribed to pushes", error);
    }
    this.#draw();
  }

  /** A user who has just written a message waits for an answer, so offer notifications now. */
  #suggest() {
    if (!this.#device.isPossible || Notification.permission !== "default" || getPreference(ASKED)) return;
    setPreference(ASKED, "yes");
    toast(gettext("Do you want a notification of the answer, even while this page is closed?"), {
      action: gettext("Turn on notifications"),
      run: () => this.#toggle(),
      stays: ASKING,
    });
  }

  #draw() {
    const button = this.#root.querySelector("button");
    button.setAttribute("aria-pressed", String(this.isOn));
    button.textContent = this.isOn ? gettext("Turn off desktop notifications") : gettext("Turn on desktop notifications");
    const denied = Notification.permission === "denied";
    button.disabled = denied;
    this.#root.querySelector("[data-desktop-text]").textContent = denied
      ? gettext("Your browser blocks them for this site. Allow them in its settings for this page.")
      : this.isOn && this.#device.id
        ? gettext("This browser shows them even while this page is closed.")
        : "";
  }

  #onMessage(conversation) {
    const { id } = conversation;
    const { name } = otherSide(conversation, this.#session.me);
    const data = { conversationId: id, url: this.#handlers.href(id), texts: {} };
    this.#show(name, previewText(conversation, this.#session.me), `conversation-${id}`, () => this.#handlers.open(id), data);
  }

  #onNotification({ notification, deleted, readAll }) {
    if (deleted || readAll || notification.readAt || !notification.title) return;
    this.#show(notification.title, notification.body, `notification-${notification.id}`, () => this.#handlers.openAlerts());
  }

  /** Thanks to the tag, several tabs show one notification, and a push about the same conversation replaces it. */
  async #show(title, body, tag, open, data = null) {
    if (!this.isOn) return;
    if (data && this.#device.id && (await this.#device.show(title, { body, tag, data }))) return;
    const shown = new Notification(title, { body, tag });
    shown.addEventListener("click", () => {
      globalThis.focus();
      shown.close();
      open();
    });
  }
}
