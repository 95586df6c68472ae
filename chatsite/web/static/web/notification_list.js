import { fillNotificationItem, newNotificationItem, answerPath } from "./notification_item.js";
import { makeNotificationPanel } from "./notification_panel.js";
import { confirmOfferAnswer } from "./thread/offer_confirmation.js";
import { announce, make, show } from "./dom.js";
import { errorText } from "./error_texts.js";
import { toast } from "./toast.js";

const PAGE = 30;
const UNDO = 7_000; // milliseconds in which a deletion can be undone

/** The panel of notifications that the bell opens. */
export class NotificationList {
  #bell;
  #client;
  #session;
  #drawn;
  #panel = null;
  #all = new Map(); // by id, those of the current filter
  #items = new Map();
  #statuses = new Map(); // of invitations and offers, by their address
  #filter = { type: "", unread: false };
  #next = null;
  #serial = 0;
  #since = null; // the events since a request, whose answer may be older

  /** `drawn()` is called when the panel shows something else. */
  constructor(bell, { client, session, drawn }) {
    this.#bell = bell;
    this.#client = client;
    this.#session = session;
    this.#drawn = drawn;
    client.on("notification", (event) => this.#onNotification(event));
    client.on("notifications_reset", () => this.#panel && this.#load());
    client.on("ready", () => this.#panel && this.#load());
    client.on("pending_changes", ({ targetId }) => this.#all.has(targetId) && this.#onChange(this.#all.get(targetId)));
    client.on("change_refused", ({ kind, error }) => kind === "notification" && toast(errorText(error)));
  }

  get isOpen() {
    return this.#panel !== null;
  }

  has(id) {
    return this.#all.has(id);
  }

  showUnread(count) {
    show(this.#panel?.querySelector("[data-read-all]"), count > 0);
  }

  open() {
    if (this.isOpen) return;
    this.#panel = makeNotificationPanel(this.#filter, this.#session.notificationTypes, {
      close: () => this.close(),
      readAll: () => this.#attempt(() => this.#readAll()),
      clicked: (event) => this.#onClick(event),
      filter: (filter) => {
        this.#filter = filter;
        this.#load();
      },
    });
    document.body.append(this.#panel);
    this.#drawn();
    this.#bell.setAttribute("aria-expanded", "true");
    this.#panel.querySelector("h2").focus();
    document.addEventListener("click", this.#outside, true);
    this.#load();
  }

  close() {
    if (!this.isOpen) return;
    document.removeEventListener("click", this.#outside, true);
    const hadFocus = this.#panel.contains(document.activeElement);
    this.#panel.remove();
    this.#panel = null;
    this.#items.clear();
    this.#bell.setAttribute("aria-expanded", "false");
    if (hadFocus) this.#bell.focus();
  }

  #outside = (event) => {
    const path = event.composedPath();
    if (!path.includes(this.#panel) && !path.includes(this.#bell) && !event.target.closest?.(".toast")) this.close();
  };

  // The panel

  async #load(cursor) {
    const serial = ++this.#serial;
    this.#since = [];
    const query = { limit: PAGE, type: this.#filter.type || undefined, unread: this.#filter.unread || undefined, cursor };
    try {
      const { results, next } = await this.#client.rest.get("/notifications", query);
      if (serial !== this.#serial || !this.isOpen) return;
      if (!cursor) this.#all.clear();
      for (const notification of results) this.#all.set(notification.id, notification);
      for (const event of this.#since) this.#take(event);
      this.#next = next ? new URL(next).searchParams.get("cursor") : null;
      this.#draw();
      results.forEach((notification) => this.#fetchStatus(notification));
    } catch (error) {
      if (serial === this.#serial && this.isOpen) this.#showError(error);
    } finally {
      if (serial === this.#serial) this.#since = null;
    }
  }

  #showError(error) {
    const again = make("button", { type: "button", className: "button" }, gettext("Try again"));
    again.addEventListener("click", () => this.#load());
    const empty = this.#panel.querySelector("[data-alerts-empty]");
    empty.replaceChildren(errorText(error), document.createElement("br"), again);
    show(empty, true);
  }

  #draw() {
    if (!this.isOpen) return;
    const list = this.#panel.querySelector("[data-alerts]");
    const shown = [...this.#all.values()].filter((each) => this.#isListed(each)).sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
    const items = shown.map((notification) => {
      const item = this.#items.get(notification.id) ?? newNotificationItem(notification.id);
      this.#items.set(notification.id, item);
      fillNotificationItem(item, notification, this.#statusOf(notification));
      return item;
    });
    list.replaceChildren(...items);
    const empty = this.#panel.querySelector("[data-alerts-empty]");
    empty.textContent = gettext("No notifications. Invitations, offers and news appear here.");
    show(empty, items.length === 0);
    this.#drawMore();
    this.#drawn();
  }

  #drawMore() {
    const place = this.#panel.querySelector("[data-alerts-more]");
    if (!this.#next) return place.replaceChildren();
    const button = make("button", { type: "button", className: "button" }, gettext("Show more"));
    button.addEventListener("click", () => this.#load(this.#next));
    return place.replaceChildren(button);
  }

  #isListed(notification) {
    const [{ type, readAt, deletedAt }] = this.#client.withChanges([notification]);
    return !deletedAt && (!this.#filter.type || type === this.#filter.type) && (!this.#filter.unread || !readAt);
  }

  // Questions

  /** The notification has the status of when it was sent. Fetch the current status before the user answers. */
  async #fetchStatus(notification) {
    const question = answerPath(notification);
    if (!question || notification.data.status !== "pending" || this.#statuses.has(question)) return;
    try {
      this.#statuses.set(question, await this.#client.rest.get(question));
    } catch (error) {
      if (error.code === "not_found") this.#statuses.set(question, { status: "gone" });
    }
    this.#draw();
  }

  #statusOf(notification) {
    const known = this.#statuses.get(answerPath(notification));
    const asked = notification.data?.status === "pending";
    const me = this.#session.me.id;
    const offer = notification.type === "offer" && known?.amount ? known : null;
    return { offer, status: asked ? known?.status : undefined, isMine: !known || [known.inviteeId, known.customerId].includes(me) || known.status === "gone" };
  }

  // Actions of the user

  #onClick(event) {
    const button = event.target.closest("[data-act]");
    const item = event.target.closest("[data-alert]");
    const notification = this.#all.get(item?.dataset.alert);
    if (!button || !notification) return;
    const actions = {
      read: () => this.#read(notification),
      delete: () => this.#delete(notification, item),
      accept: () => this.#answer(notification, "accept"),
      decline: () => this.#answer(notification, "decline"),
      open: () => this.#read(notification),
    };
    if (button.dataset.act !== "open") button.disabled = true;
    this.#attempt(actions[button.dataset.act]).finally(() => (button.disabled = false));
  }

  async #attempt(act) {
    try {
      await act();
    } catch (error) {
      toast(errorText(error));
    }
  }

  async #read({ id }) {
    this.#store(await this.#client.rest.patch(`/notifications/${id}/read`));
  }

  async #readAll() {
    await this.#client.markNotificationsRead(this.#filter.type);
    await this.#load();
  }

  #delete(notification, item) {
    const next = item.nextElementSibling ?? item.previousElementSibling;
    const key = this.#client.queueNotificationDelete(notification, { within: UNDO });
    (next?.querySelector("button:not([hidden])") ?? this.#panel?.querySelector("h2"))?.focus();
    toast(gettext("Notification deleted"), { action: gettext("Undo"), run: () => this.#client.undo(key) });
  }

  async #answer(notification, verb) {
    const question = answerPath(notification);
    if (notification.type === "offer") {
      const offer = this.#statuses.get(question);
      if (!offer || !(await confirmOfferAnswer(this.#panel, offer, verb))) return;
    }
    try {
      const answered = await this.#client.rest.post(`${question}/${verb}`);
      this.#statuses.set(question, answered);
      announce(verb === "accept" ? gettext("Accepted") : gettext("Declined"));
      if (verb === "accept" && notification.type === "team_invitation") this.#offerInbox();
    } catch (error) {
      this.#statuses.delete(question); // somebody else may have answered it: fetch its status again
      await this.#fetchStatus(notification);
      throw error;
    } finally {
      this.#draw();
    }
  }

  /** A user who has become a member sees the inbox of that business, which is another page. */
  #offerInbox() {
    toast(gettext("Welcome to the team!"), { action: gettext("Open the inbox"), run: () => location.assign(this.#session.urls.inbox) });
  }

  // Events

  /** Its deletion was queued, undone, refused, or carried out. */
  #onChange(notification) {
    const [{ id, deletedAt, pendingChange }] = this.#client.withChanges([notification]);
    if (deletedAt && !pendingChange) this.#remove(id);
    else this.#draw();
  }

  #onNotification(event) {
    this.#since?.push(event);
    this.#take(event);
  }

  #take({ notification, deleted, readAll }) {
    if (deleted) return this.#remove(notification.id);
    if (readAll) this.#markAllRead(readAll);
    return this.#store(notification);
  }

  #store(notification) {
    const held = this.#all.get(notification.id);
    const readAt = notification.readAt ?? held?.readAt ?? null; // a read notification stays read
    this.#all.set(notification.id, { ...notification, readAt });
    if (this.isOpen) this.#fetchStatus(notification);
    this.#draw();
  }

  #markAllRead({ type, readAt }) {
    for (const [id, each] of this.#all) {
      if (!each.readAt && (!type || each.type === type)) this.#all.set(id, { ...each, readAt });
    }
  }

  #remove(id) {
    this.#all.delete(id);
    this.#items.delete(id);
    this.#draw();
  }
}
