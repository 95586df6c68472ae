import { ChatClient } from "../../chat-client/chat-client.js";
import { mountThread } from "../../web/thread/thread.js";
import { ROOT } from "./root.js";

/** One visitor's conversation: connected from the start, since the badge wants it; drawn when somebody looks. */
export class Chat {
  #session;
  #client;
  #thread = null;
  #stops;

  /** `heard`: tokens(pair), unread(count), empty(isEmpty) and signedOut(). */
  constructor(session, heard) {
    this.#session = session;
    const { access, refresh, user } = session;
    this.#client = new ChatClient({
      url: `${ROOT}/chat`,
      token: access,
      refresh,
      userId: user.id,
      // A socket shows the browser's cookies, and on the business's own domain these may be somebody else's of our site;
      // a ticket goes before them.
      ticket: async () => (await this.#client.rest.post("/auth/ws-ticket")).ticket,
    });
    this.#stops = [
      this.#client.on("tokens", heard.tokens),
      this.#client.on("signed_out", heard.signedOut),
      this.#client.on("unread", () => heard.unread(this.#unread)),
      this.#client.on("conversations", () => heard.empty(this.#isEmpty)),
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
    view.leave(); // the message goes on by itself
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
