import { announce, isPlainClick, show } from "./dom.js";
import { onDemand } from "./thread/on_demand.js";
import { toasts } from "./toast.js";

const openList = onDemand(() => import("./notification_list.js"));

/** The bell with its count. It opens the panel of notifications. */
export class NotificationBell {
  #bell;
  #client;
  #session;
  #list = null; // the panel, once it was opened
  #announced = new Set(); // ids

  constructor(bell, { client, session }) {
    this.#bell = bell;
    this.#client = client;
    this.#session = session;
    bell.setAttribute("role", "button");
    bell.setAttribute("aria-haspopup", "dialog");
    bell.setAttribute("aria-expanded", "false");
    bell.addEventListener("click", (event) => {
      if (!isPlainClick(event)) return;
      event.preventDefault();
      this.toggle();
    });
    bell.addEventListener("keydown", (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      this.toggle();
    });
    client.on("notification", (event) => this.#onNotification(event));
    for (const event of ["pending_changes", "unread_notifications"]) client.on(event, () => this.#drawCount());
    this.#drawCount();
  }

  toggle() {
    if (this.#list?.isOpen) this.#list.close();
    else this.open();
  }

  async open() {
    const { NotificationList } = await openList(toasts);
    this.#list ??= new NotificationList(this.#bell, { client: this.#client, session: this.#session, drawn: () => this.#drawCount() });
    this.#list.open();
  }

  #onNotification({ notification, deleted, readAll }) {
    this.#drawCount();
    if (deleted || readAll || notification.readAt || this.#announced.has(notification.id) || this.#list?.has(notification.id)) return;
    this.#announced.add(notification.id);
    announce(interpolate(gettext("Notification: %(title)s"), { title: notification.title }, true));
  }

  #drawCount() {
    const count = this.#client.snapshot.unreadNotifications;
    const mark = this.#bell.querySelector("[data-bell-count]");
    mark.textContent = count > 99 ? "99+" : String(count);
    show(mark, count > 0);
    this.#list?.showUnread(count);
    const text = ngettext("Notifications, %(count)s unread", "Notifications, %(count)s unread", count);
    this.#bell.setAttribute("aria-label", count ? interpolate(text, { count }, true) : gettext("Notifications"));
  }
}
