import { announce, isPlainClick, make, show } from "./dom.js";
import { errorText } from "./error_texts.js";
import { tintOf } from "./people.js";
import { initialsOf } from "./thread/initials.js";

const PAUSE = 200; // milliseconds without a key before a search

/** The search for businesses, without the user's `own`, while the user types. Calls `open(conversationId)` when one is chosen. */
export class BusinessSearch {
  #client;
  #own;
  #open;
  #field;
  #results;
  #notice;
  #serial = 0;
  #pause = null;

  constructor(root, { client, own, open, back }) {
    this.#client = client;
    this.#own = own;
    this.#open = open;
    this.#field = root.querySelector("[type=search]");
    this.#results = root.querySelector("[data-found]");
    this.#notice = root.querySelector("[data-found-empty]");
    this.#listen(root, back);
    if (this.#field.value !== this.#field.defaultValue) this.#search(); // the user typed before the scripts ran
  }

  focus() {
    this.#field.focus();
  }

  #listen(root, back) {
    this.#field.addEventListener("input", () => {
      clearTimeout(this.#pause);
      this.#pause = setTimeout(() => this.#search(), PAUSE);
    });
    root.querySelector("[data-finder-search]").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#search();
    });
    this.#results.addEventListener("submit", (event) => {
      event.preventDefault();
      const { businessId } = Object.fromEntries(new FormData(event.target));
      this.#choose(businessId, event.target.querySelector("button"));
    });
    root.querySelector("[data-finder-back]").addEventListener("click", (event) => {
      if (!isPlainClick(event)) return;
      event.preventDefault();
      back();
    });
  }

  async #search() {
    const mine = ++this.#serial;
    try {
      const { results } = await this.#client.rest.get("/chat/businesses", { search: this.#field.value.trim(), limit: 30 });
      if (mine === this.#serial) this.#show(results.filter(({ id }) => !this.#own.has(id)));
    } catch (error) {
      if (mine === this.#serial) this.#showError(error);
    }
  }

  #show(businesses) {
    const count = businesses.length;
    this.#results.replaceChildren(...businesses.map(makeRow));
    show(this.#notice, count === 0);
    announce(interpolate(ngettext("%(count)s business", "%(count)s businesses", count), { count }, true));
  }

  async #choose(businessId, button) {
    button.disabled = true;
    try {
      this.#open((await this.#client.openConversation({ businessId })).id);
    } catch (error) {
      button.disabled = false;
      this.#showError(error.code === "invalid" ? Object.assign(error, { code: "forbidden" }) : error);
    }
  }

  #showError(error) {
    this.#notice.textContent = errorText(error);
    show(this.#notice, true);
  }
}

function makeRow({ id, name }) {
  const avatar = make("span", { className: "avatar", data: { tint: tintOf(id) }, aria: { hidden: "true" } }, initialsOf(name));
  const button = make("button", { className: "entry found" }, avatar, make("span", { className: "entry-name", dir: "auto" }, name));
  const chosen = make("input", { type: "hidden", name: "businessId", value: id });
  return make("li", {}, make("form", {}, chosen, button));
}
