import { ChatClient } from "../../chat-client/chat-client.js";
import { fetchWhenIdle } from "../../web/thread/on_demand.js";
import { mountThread } from "../../web/thread/thread.js";
import { ROOT } from "./root.js";

/**
 * One visitor's conversation. It connects at once, because the badge needs the count. It is drawn when the panel is open.
 * It begins with the first message, in this tab or another one.
 */
export class Chat {
  #session;
  #client;
  #thread = null;
  #visited = null;
  #stops;
  #businessId;
  #handlers;
  #hasEnded = false;

  /** `handlers`: tokens(pair), unread(count), empty(isEmpty), began(conversationId) and signedOut(). */
  constructor(session, businessId, handlers) {
    this.#session = session;
    this.#businessId = businessId;
    this.#handlers = handlers;
    const { access, refresh, user } = session;
    this.#client = new ChatClient({
      url: `${ROOT}/chat`,
      token: access,
      refresh,
      userId: user.id,
      // A socket sends the browser's cookies, which may belong to another login on the chat's own site.
      // A ticket takes precedence over them.
      ticket: async () => (await this.#client.rest.post("/auth/ws-ticket")).ticket,
    });
    this.#stops = [
      this.#client.on("tokens", handlers.tokens),
      this.#client.on("signed_out", handlers.signedOut),
      this.#client.on("unread", () => handlers.unread(this.#unread)),
      this.#client.on("conversations", ([first]) => {
        if (first) this.#setConversation(first.id); // a visitor of the widget has one conversation
        handlers.empty(this.#isEmpty);
      }),
      this.#client.on("ready", () => this.#findConversation()),
    ];
    this.#client.connect();
  }

  get hasBegun() {
    return this.#session.conversationId !== null;
  }

  isOf({ user, conversationId }) {
    return user.id === this.#session.user.id && conversationId === this.#session.conversationId;
  }

  show(root) {
    const { conversationId, user } = this.#session;
    if (this.#thread) return;
    this.#thread = mountThread(root, { client: this.#client, conversationId, me: user });
    fetchWhenIdle(this.#client);
  }

  /** Send a text. The first one opens the conversation, and rejects if that fails. */
  async send(text) {
    if (!this.hasBegun) this.#setConversation((await this.#client.openConversation({ businessId: this.#businessId })).id);
    if (this.#hasEnded) return; // the visitor has signed out meanwhile
    const view = this.#client.join(this.#session.conversationId);
    view.send({ text });
    view.leave(); // the client still sends the message
  }

  /** Tells the business on which page the visitor is; once, as long as it is the same one. */
  async visited(page) {
    if (!page || page.url === this.#visited) return;
    this.#visited = page.url;
    try {
      await this.#client.rest.put("/widget/page", page);
    } catch {
      this.#visited = null; // the chat continues without it, and sends it again when the widget is opened next
    }
  }

  focus() {
    this.#thread?.focus();
  }

  end() {
    this.#hasEnded = true;
    for (const stop of this.#stops) stop();
    this.#thread?.destroy();
    this.#client.close();
  }

  /** Another tab may have opened the conversation while this one had no connection. */
  async #findConversation() {
    if (this.hasBegun) return;
    await this.#client.loadConversations({ limit: 1 }).catch(() => undefined); // the next reconnect asks again
  }

  #setConversation(conversationId) {
    if (this.hasBegun || this.#hasEnded) return;
    this.#session = { ...this.#session, conversationId };
    this.#handlers.began(conversationId);
  }

  get #unread() {
    return this.#client.snapshot.unread.conversations[this.#session.conversationId] ?? 0;
  }

  get #isEmpty() {
    const { conversations } = this.#client.snapshot;
    return !conversations.some(({ id, lastSeq }) => id === this.#session.conversationId && lastSeq > 0);
  }
}
