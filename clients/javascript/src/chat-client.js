import * as changes from "./changes.js";
import { ClientParts } from "./client-parts.js";
import { messageTypeOf, written } from "./message-content.js";
import { QueuedCommands } from "./queued-commands.js";
import { watchPageLifecycle } from "./page-lifecycle.js";

export { ChatError } from "./errors.js";
export { forgetFiles } from "./file-storage.js";

/** A user's chat: one socket, any number of live conversations, and an outbox that loses no message. */
export class ChatClient extends QueuedCommands {
  #parts;
  #snapshot = null;
  #unwatchPage = null;

  constructor(options = {}) {
    // A conversation's view calls the client's commands for that conversation.
    const command = (name, view, given) => (name === "leave" ? parts.joined.leave(view) : this[name](view.id, ...given));
    const parts = new ClientParts(options, command, (row) => changes.restore(this, row));
    super(parts);
    this.#parts = parts;
    this.#parts.on("change", () => (this.#snapshot = null));
  }

  /** REST requests as this user: `get`, `post`, `patch`, `delete` for any path. */
  get rest() {
    return this.#parts.rest;
  }

  /** Call `listener` for each event of this name. Returns a function that removes the listener. */
  on(event, listener) {
    return this.#parts.on(event, listener);
  }

  // Connection

  connect() {
    const { connection, outbox, outboxUploads, changes, attention } = this.#parts;
    this.#unwatchPage ??= watchPageLifecycle({
      wake: () => {
        connection.wake();
        outboxUploads.wake();
      },
      hidden: () => {
        changes.flush();
        changes.stop();
        outbox.release();
      },
      shown: () => {
        if (this.state === "signed_out") return;
        changes.start();
        outbox.resume();
      },
    });
    attention.watch();
    outbox.resume();
    changes.start();
    outboxUploads.pump();
    connection.open();
    return this;
  }

  /** Close the socket and stop all timers. `connect` continues with the same state. */
  close() {
    this.#unwatchPage?.();
    this.#unwatchPage = null;
    this.#parts.stop();
  }

  /** Use a new token of the same user, if the application renews tokens itself. */
  async replaceToken(token) {
    this.#parts.credentials.replaceToken(token);
    await this.#parts.connection.reauthenticate(token);
  }

  // State

  /** "closed", "connecting", "ready", "waiting" (for the next try) or "signed_out". */
  get state() {
    return this.#parts.connection.state;
  }

  get isConnected() {
    return this.#parts.connection.isReady;
  }

  get userId() {
    return this.#parts.userId;
  }

  /** The current state except for messages. It is immutable, and replaced when something changes. */
  get snapshot() {
    const { store, presence, outbox, changes, unreadNotifications } = this.#parts;
    this.#snapshot ??= Object.freeze({
      state: this.state,
      isConnected: this.isConnected,
      userId: this.userId,
      conversations: changes.applyTo(store.list),
      unread: store.unread,
      unreadNotifications,
      presence: presence.all,
      pending: outbox.size,
    });
    return this.#snapshot;
  }

  // Conversations

  /** A live view. All callers share it, and each leaves it once. With `initial`, it fetches nothing first. */
  join(conversationId, { initial = null } = {}) {
    return this.#parts.joined.join(conversationId, initial);
  }

  /** The view, if somebody has joined. */
  conversation(conversationId) {
    return this.#parts.joined.get(conversationId);
  }

  /** Load a page of the user's conversations into `snapshot.conversations`. Returns `{results, next, previous}`. */
  loadConversations(query = {}) {
    return this.#parts.store.takePage(() => this.rest.get("/chat/conversations", query));
  }

  /** `{businessId}` as a customer, `{businessId, customerId}` as a member of the business. */
  async openConversation(parties) {
    const conversation = await this.rest.post("/chat/conversations", parties);
    this.#parts.store.put(conversation);
    return conversation;
  }

  // Messages

  /**
   * Show the message at once, and send it until it is stored. `content` is a text, or `{text, attachments, replyTo}`.
   * Returns `clientId`, and `acked()`, which returns a promise.
   */
  send(conversationId, content, options = {}) {
    const { text, attachments = [], messageType, replyTo } = written(content, options);
    const { typing, outbox, outboxUploads } = this.#parts;
    typing.forget(conversationId);
    const files = outboxUploads.keep(attachments);
    const type = messageType ?? messageTypeOf(files);
    try {
      const clientId = outbox.add({ conversationId, content: text, messageType: type, replyTo, attachments: files });
      return { clientId, acked: () => this.#acked(clientId) };
    } catch (error) {
      outboxUploads.left({ attachments: files });
      throw error;
    }
  }

  /** Upload a file without a message. Resolves with the server's attachment. */
  upload(file, options) {
    return this.#parts.uploads.upload(file, options);
  }

  /** The user's messages that the server does not have yet, in the order of writing. */
  pendingMessages(conversationId) {
    return this.#parts.outbox.pendingIn(conversationId);
  }

  retry(clientId) {
    return this.#parts.outbox.retry(clientId);
  }

  discard(clientId) {
    return this.#parts.outbox.discard(clientId);
  }

  async editMessage(messageId, content) {
    const { connection, rest } = this.#parts;
    if (!connection.isReady) return rest.patch(`/chat/messages/${messageId}`, { content });
    return (await connection.request("edit_message", { messageId, content })).message;
  }

  async deleteMessage(messageId) {
    const { connection, rest } = this.#parts;
    if (connection.isReady) await connection.request("delete_message", { messageId });
    else await rest.delete(`/chat/messages/${messageId}`);
  }

  /** Add an emoji to a message. Resolves with all reactions of the message. */
  addReaction(messageId, emoji) {
    return this.#react("add_reaction", "put", messageId, emoji);
  }

  /** Remove the user's own emoji from a message. Resolves with the remaining reactions. */
  removeReaction(messageId, emoji) {
    return this.#react("remove_reaction", "delete", messageId, emoji);
  }

  async #react(command, method, messageId, emoji) {
    const { connection, rest } = this.#parts;
    if (connection.isReady) return (await connection.request(command, { messageId, emoji })).reactions;
    await rest[method](`/chat/messages/${messageId}/reactions/${encodeURIComponent(emoji)}`);
    return (await rest.get(`/chat/messages/${messageId}`)).reactions;
  }

  /** Mark messages of the other side as read. Own, unsent and already read messages are skipped. */
  markRead(conversationId, messageIds) {
    const { joined, outbox, receipts, userId } = this.#parts;
    const view = joined.get(conversationId);
    const isNews = (message) => !message || (message.status !== "read" && message.senderId !== userId);
    const fresh = messageIds.filter((id) => !outbox.get(id) && isNews(view?.find(id)));
    if (fresh.length) this.#parts.reading(conversationId, () => receipts.add(conversationId, fresh));
  }

  /** Mark all messages of the other side up to this `seq` as read, also those that are not loaded. */
  markReadUpTo(conversationId, seq) {
    this.#parts.reading(conversationId, () => this.#parts.receipts.addUpTo(conversationId, seq));
  }

  async markAllRead(conversationId) {
    const answer = await this.#parts.reading(conversationId, () => this.rest.patch(`/chat/conversations/${conversationId}/read`));
    this.#parts.store.setUnread(conversationId, answer.unreadCount);
    return answer;
  }

  startTyping(conversationId) {
    if (this.isConnected) this.#parts.typing.start(conversationId);
  }

  stopTyping(conversationId) {
    this.#parts.typing.stop(conversationId);
  }

  /** Send any other command on the live socket. Returns its ack, or throws `disconnected`. */
  request(event, data = {}) {
    return this.#parts.connection.request(event, data);
  }

  // People

  /** The known presence. The first call for a user fetches it, and then events keep it up to date (see `presence`). */
  isUserOnline(userId) {
    return this.#parts.presence.isOnline(userId);
  }

  isUserTyping(conversationId, userId) {
    return this.conversation(conversationId)?.snapshot.typing.includes(userId) ?? false;
  }

  async #acked(clientId) {
    const { outbox } = this.#parts;
    if (!outbox.get(clientId)) throw new TypeError("This message has left the outbox; ask right after sending.");
    return new Promise((resolve, reject) => {
      const stops = [];
      const when = (event, end) =>
        stops.push(
          this.on(event, (data) => {
            if (data.clientId !== clientId) return;
            for (const stop of stops) stop();
            end(data);
          }),
        );
      when("message_acked", ({ message }) => resolve(message));
      when("message_failed", ({ error }) => reject(error));
    });
  }
}
