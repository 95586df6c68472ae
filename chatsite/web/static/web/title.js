import { show } from "./dom.js";

/** "(3) Carol Jensen · Business chat", the icon's mark, and the count beside the filter. */
export class Title {
  #client;
  #name = "";
  #site = gettext("Business chat");
  #icon = document.querySelector('link[rel="icon"]');
  #plain;

  constructor(client) {
    this.#client = client;
    this.#plain = this.#icon.getAttribute("href");
    client.on("unread", () => this.draw());
  }

  set name(name) {
    this.#name = name;
    this.draw();
  }

  draw() {
    const { total } = this.#client.snapshot.unread;
    const parts = [this.#name, this.#site].filter(Boolean).join(" · ");
    document.title = total ? `(${total}) ${parts}` : parts;
    this.#icon.href = total ? this.#plain.replace("favicon", "favicon-unread") : this.#plain;
    const count = document.querySelector("[data-unread-total]");
    if (count) count.textContent = String(total);
    show(count, total > 0);
  }
}
