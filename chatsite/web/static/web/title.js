import { show } from "./dom.js";

/** Shows three unread conversations as "(3) Carol Jensen · Business chat", as a badge on the icon, and at the filter. */
export class Title {
  #client;
  #name = "";
  #site = gettext("Business chat");
  #icon = document.querySelector('link[rel="icon"]');
  #badge = null;
  #rendered = document.querySelector("[data-unread-total]")?.textContent.trim() ?? "";
  #isLive = false;

  constructor(client) {
    this.#client = client;
    client.on("unread", () => this.draw());
  }

  set name(name) {
    this.#name = name;
    this.draw();
  }

  /** Until now the page's own count has stood: the client knew only the open conversation. */
  begin() {
    this.#isLive = true;
    this.draw();
  }

  draw() {
    const total = this.#isLive ? this.#unreadConversations() : this.#rendered;
    const parts = [this.#name, this.#site].filter(Boolean).join(" · ");
    document.title = total ? `(${total}) ${parts}` : parts;
    this.#icon.href = total ? this.#icon.dataset.unread : this.#icon.dataset.read;
    const count = document.querySelector("[data-unread-total]");
    if (count) count.textContent = total;
    show(count, total);
    this.#setBadge();
  }

  /** The badge on the icon of the installed app, which pushes set too. */
  #setBadge() {
    const { total } = this.#client.snapshot.unread;
    if (!this.#isLive || !("setAppBadge" in navigator) || this.#badge === total) return;
    this.#badge = total;
    (total ? navigator.setAppBadge(total) : navigator.clearAppBadge()).catch(() => undefined); // not an installed app
  }

  /** The number of unread conversations, as the list and its filter count them, without muted ones. */
  #unreadConversations() {
    const { conversations, mutedIds } = this.#client.snapshot.unread;
    const count = Object.keys(conversations).length - mutedIds.length;
    return count > 99 ? "99+" : count ? String(count) : "";
  }
}
