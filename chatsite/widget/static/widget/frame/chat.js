import { ChatClient } from "../../chat-client/chat-client.js";
import { mountThread } from "../../web/thread/thread.js";
import { ROOT } from "./root.js";

/** One visitor's conversation. It connects at once, because the badge needs the count. It is drawn when the panel is open. */
export class Chat {
  #session;
  #client;
  #thread = null;
  #stops;

  /** `handlers`: tokens(pair), unread(count), empty(isEmpty) and signedOut(). */
  constructor(session, handlers) {
    this.#session = session;
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
      this.#client.on("conversations", () => handlers.empty(this.#isEmpty)),
    ];
    this.#client.connect();
  }

  isOf({ user, conversationId }) {
    return user.id === this.#session.user.id && conversationId === this.#session.conversationId;
  }

  show(root) {
    const { conversationId, user } = this.#session;
    this.#thread ??= mountThread(root, { client: this.#client, conversationId, me: user });
  }

  send(text) {
    const view = this.#client.join(this.#session.conversationId);
    view.send({ text });
    view.leave(); // the client still sends the message
  }

  focus() {
    this.#thread?.focus();
  }

  end() {
    for (const stop of this.#stops) stop();
    this.#thread?.destroy();
    this.#client.close();
  }

  get #unread() {
    return this.#client.snapshot.unread.conversations[this.#session.conversationId] ?? 0;
  }

  get #isEmpty() {
    const { conversations } = this.#client.snapshot;
    return !conversations.some(({ id, lastSeq }) => id === this.#session.conversationId && lastSeq > 0);
  }
}
