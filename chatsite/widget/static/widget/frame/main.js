import { Chat } from "./chat.js";
import { HostPage } from "./host_page.js";
import { Introduction } from "./introduction.js";
import { Screens } from "./screens.js";
import { Sessions } from "./sessions.js";

const RESTART_PAUSE = 10_000; // milliseconds: a session that ends this soon after its start is not restarted automatically

/** The frame: signs in the visitor whom the host names, and shows that person's conversation. */
class Frame {
  #settings = JSON.parse(document.getElementById("widget").textContent);
  #screens = new Screens(this.#settings);
  #chat = null;
  #userId = null; // the last visitor
  #serial = 0; // detects a start that a later one has replaced
  #startedAt = -RESTART_PAUSE;
  #host = new HostPage(this.#settings.origins, {
    hello: () => {
      this.#host.tell({ type: "ready" });
      this.#start();
    },
    identity: () => this.#start(),
    theme: ({ theme }) => this.#screens.setTheme(theme),
    show: () => this.#showConversation(),
    hide: () => document.activeElement?.blur(),
    focus: () => this.#screens.focus(),
    logout: () => this.#logOut(),
  });
  #sessions = new Sessions(this.#settings.business, this.#host);
  #introduction = new Introduction(this.#settings.texts, {
    save: (given) => this.#sessions.introduce(given),
    done: () => this.#screens.focus(),
  });

  constructor() {
    this.#screens.on({
      close: () => this.#host.tell({ type: "close" }),
      retry: () => this.#start(),
      first: (text, given) => (this.#chat ? this.#send(text) : this.#startAsGuest(text, given)),
    });
  }

  async #start(find = () => this.#findSession()) {
    const serial = ++this.#serial;
    this.#screens.setTheme(this.#host.theme);
    if (!this.#chat) this.#screens.show("loading");
    try {
      const session = await find();
      if (serial === this.#serial) this.#useSession(session);
    } catch (error) {
      if (serial === this.#serial) this.#showError(error);
    }
  }

  /** A guest's account and conversation begin with the first message, so that no business has an empty one. */
  async #startAsGuest(text, given) {
    await this.#start(() => this.#sessions.newGuest(given));
    if (!this.#chat) return; // the screen shows the reason, and the field keeps the text
    if ((await this.#send(text)) && !this.#settings.asksFirst) this.#introduction.show();
  }

  /** Return whether it was sent. If not, the screen shows the reason, and the field keeps the text. */
  async #send(text) {
    try {
      await this.#chat.send(text);
      return true;
    } catch (error) {
      this.#showError(error);
      return false;
    }
  }

  /** The session of the visitor whom the host names, or else of a returning guest. */
  async #findSession() {
    if (this.#host.isIdentified) {
      const token = await this.#host.askToken();
      return token ? this.#sessions.ofToken(token) : null;
    }
    return this.#settings.guestsAllowed ? this.#sessions.ofKnownGuest() : this.#sessions.leaveSigned();
  }

  #useSession(session) {
    if (session && this.#chat?.isOf(session)) return;
    this.#chat?.end();
    this.#chat = null;
    this.#introduction.hide();
    if (this.#userId && this.#userId !== session?.user.id) this.#screens.clear();
    this.#userId = session?.user.id ?? null;
    this.#host.tell({ type: "unread", count: 0 });
    this.#screens.askForDetails(!session);
    if (!session) {
      this.#screens.show(this.#settings.guestsAllowed && !this.#host.isIdentified ? "first" : "sign-in");
      return;
    }
    this.#startedAt = performance.now();
    this.#chat = new Chat(session, this.#settings.businessId, {
      tokens: (pair) => this.#sessions.renewed(pair),
      unread: (count) => this.#host.tell({ type: "unread", count }),
      empty: (isEmpty) => this.#screens.greet(isEmpty),
      began: (conversationId) => this.#onConversation(conversationId),
      signedOut: () => this.#onSignedOut(),
    });
    if (this.#chat.hasBegun) this.#host.tell({ type: "begun" });
    if (this.#host.isShown) this.#showConversation();
  }

  #onConversation(conversationId) {
    this.#sessions.began(conversationId);
    this.#host.tell({ type: "begun" });
    if (this.#host.isShown) this.#showConversation();
  }

  #showConversation() {
    if (!this.#chat) return;
    if (this.#chat.hasBegun) this.#screens.show("thread", this.#chat);
    else this.#screens.show("first");
    this.#chat.visited(this.#host.page);
  }

  /** The session has ended. A new token of the host can start another one, but not again and again. */
  #onSignedOut() {
    this.#chat.end();
    this.#chat = null;
    this.#sessions.drop();
    if (performance.now() - this.#startedAt > RESTART_PAUSE) this.#start();
    else this.#showError({ code: "unauthenticated" });
  }

  async #logOut() {
    this.#serial += 1;
    this.#chat?.end();
    this.#chat = null;
    await this.#sessions.end();
    this.#start();
  }

  #showError(error) {
    if (!error.code) reportError(error);
    this.#chat?.end();
    this.#chat = null;
    this.#screens.fail(error.code);
    this.#host.tell({ type: "error", code: error.code ?? "internal" });
  }
}

new Frame();
