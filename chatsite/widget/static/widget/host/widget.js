import { Frame } from "./frame.js";
import { PageStorage } from "./page_storage.js";
import { WidgetView } from "./widget_view.js";
import { Theme } from "./theme.js";

/** The chat on a host page: connects the button, the panel and the frame. */
export class Widget {
  #page;
  #shades;
  #view;
  #frame;
  #theme;
  #storage;
  unread = 0;

  /** Throws if the business has not listed this page's origin; the frame would refuse it too. */
  static on(page, configuration) {
    if (!configuration.origins.some((pattern) => covers(pattern, location.origin))) {
      throw new Error(`${location.origin} is not among the origins that it may be shown on.`);
    }
    return new Widget(page, configuration);
  }

  constructor(page, { business, texts, shades }) {
    const { options, query } = page;
    this.#page = page;
    this.#shades = shades;
    this.#storage = new PageStorage(business);
    this.#view = new WidgetView(texts, options, {
      toggle: () => (this.isOpen ? this.close() : this.open()),
      close: () => this.close(),
      retry: () => this.#load(),
    });
    const address = new URL(`frame/${business}${query}`, options.base).href;
    this.#frame = new Frame({ title: texts.panel, address }, this.#handlers());
    this.#theme = new Theme(options, () => this.retheme());
    this.retheme();
    this.#view.showUnread(0, false);
    this.#preload(options.preload);
  }

  get isOpen() {
    return this.#view.isOpen;
  }

  open() {
    if (!this.#frame.isLoaded) this.#load();
    this.#setOpen(true);
  }

  close() {
    this.#setOpen(false);
  }

  identityChanged() {
    this.#frame.post({ type: "identity", identified: this.#page.isIdentified() });
  }

  logout() {
    this.#storage.clear();
    this.#frame.post({ type: "logout" });
  }

  retheme() {
    const { name } = this.#theme;
    this.#view.setTheme(name, this.#shades[name]);
    this.#frame.post({ type: "theme", theme: name });
  }

  destroy() {
    this.#theme.end();
    this.#frame.remove();
    this.#view.remove();
  }

  /** Load the frame early for visitors who have chatted here before, so that they see the unread count. */
  #preload(choice) {
    if (choice === "never" || (choice !== "idle" && !this.#storage.get("seen"))) return;
    const whenIdle = window.requestIdleCallback ?? ((step) => setTimeout(step, 500));
    whenIdle(() => this.#frame.isLoaded || this.#load());
  }

  #load() {
    this.#view.say("loading");
    this.#frame.load(this.#view.panel);
  }

  #setOpen(isOpen) {
    if (this.isOpen === isOpen) return;
    this.#view.setOpen(isOpen);
    this.#view.showUnread(this.unread, false);
    this.#reportVisibility();
    this.#view.focus(this.#frame);
    this.#page.emit(isOpen ? "open" : "close");
  }

  #handlers() {
    const { emit, isIdentified } = this.#page;
    return {
      greeting: () => ({
        theme: this.#theme.name,
        visible: this.isOpen,
        identified: isIdentified(),
        kept: { session: this.#storage.get("session"), guest: this.#storage.get("guest") },
      }),
      failed: () => {
        this.#view.say("failed");
        emit("error", { code: "unreachable" });
      },
      messages: {
        ready: () => this.#onReady(),
        begun: () => this.#storage.set("seen", "1"),
        keep: ({ name, text }) => this.#storage.set(name, text),
        "want-token": () => this.#sendToken(),
        unread: ({ count }) => Number.isInteger(count) && count >= 0 && this.#updateUnread(count),
        close: () => this.close(),
        error: ({ code }) => emit("error", { code: String(code) }),
      },
    };
  }

  #onReady() {
    this.#view.say("");
    this.retheme();
    this.#reportVisibility();
    if (this.isOpen) this.#view.focus(this.#frame);
    this.#page.emit("ready");
  }

  /** The query and the fragment of our address may hold secrets of this site. */
  #reportVisibility() {
    const page = { url: location.origin + location.pathname, title: document.title };
    this.#frame.post(this.isOpen ? { type: "show", page } : { type: "hide" });
  }

  async #sendToken() {
    let token = null;
    try {
      token = await this.#page.token();
    } catch (error) {
      reportError(error); // the page's function failed, so nobody is signed in
    }
    this.#frame.post({ type: "token", token: typeof token === "string" ? token : null });
  }

  #updateUnread(count) {
    if (count === this.unread) return;
    const isNews = count > this.unread && !this.isOpen;
    this.unread = count;
    this.#view.showUnread(count, isNews);
    this.#page.emit("unread", count);
  }
}

function covers(pattern, origin) {
  const [scheme, domain] = pattern.split("://*.");
  if (domain === undefined) return origin === pattern;
  return origin.startsWith(`${scheme}://`) && origin.endsWith(`.${domain}`);
}
