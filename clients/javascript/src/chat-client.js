import * as changes from "./changes.js";
import { ClientParts } from "./client-parts.js";
import { PersonalCommands } from "./personal-commands.js";
import { watchPageLifecycle } from "./page-lifecycle.js";

export { ChatError } from "./errors.js";
export { forgetFiles } from "./file-storage.js";

/** A user's chat: one socket, any number of live conversations, and an outbox that loses nothing. */
export class ChatClient extends PersonalCommands {
  #parts;
  #snapshot = null;
  #unwatchPage = null;

  constructor(options = {}) {
    // Commands of a conversation's view are those of the client, about that conversation.
    const parts = new ClientParts(options, (name, view, given) =>
      name === "leave" ? parts.joined.leave(view) : this[name](view.id, ...given),
    );
    super(parts);
    this.#parts = parts;
    this.#parts.on("change", () => (this.#snapshot = null));
  }

  /** REST as this user: `get`, `post`, `patch`, `delete` of any path. */
  get rest() {
    return this.#parts.rest;
  }

  /** Calls `listener` for each such event; answers the function that ends this. */
  on(event, listener) {
    return this.#parts.on(event, listener);
  }

  // Life

  connect() {
    const { connection, outbox, outboxUploads, changes, attention } = this.#parts;
    this.#unwatchPage ??= watchPageLifecycle({
      wake: () => {
        connection.wake();
        outboxUploads.wake();
      },
      hidden: () => {
        changes.flush();
        outbox.release();
      },
      shown: () => outbox.resume(),
    });
    attention.watch();
    outbox.resume();
    outboxUploads.pump();
    connection.open();
    return this;
  }

  /** Ends the socket and what runs by the clock. `connect` goes on where this stopped. */
  close() {
    this.#unwatchPage?.();
    this.#unwatchPage = null;
    this.#parts.stop();
  }

  /** A fresh token of the same user, where the application renews tokens by itself. */
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

  /** Everything but the conversations' messages, as it is now: immutable, and replaced when something changes. */
  get snapshot() {
    const { store, presence, outbox, notifications, changes } = this.#parts;
    this.#snapshot ??= Object.freeze({
      state: this.state,
      isConnected: this.isConnected,
      userId: this.userId,
      conversations: changes.applyTo(store.list),
      unread: store.unread,
      unreadNotifications: notifications.unread,
      presence: presence.all,
      pending: outbox.size,
    });
    return this.#snapshot;
  }

  // Conversations

  /** A live view, shared by all who join; each of them leaves it once. */
  join(conversationId) {
    return this.#parts.joined.join(conversationId);
  }

  /** The view, where somebody has joined. */
  conversation(conversationId) {
    return this.#parts.joined.get(conversationId);
  }

  /** A page of my conversations into `snapshot.conversations`. Answers `{results, next, previous}`. */
  async loadConversations(query = {}) {
    const page = await this.rest.get("/chat/conversations", query);
    for (const conversation of page.results) this.#parts.store.put(conversation);
    return page;
  }

  /** `{businessId}` as a customer, `{businessId, customerId}` as a member of the business. */
  async openConversation(parties) {
    const conversation = await this.rest.post("/chat/conversations", parties);
    this.#parts.store.put(conversation);
    return conversation;
  }

  // Messages

  /**
   * Shows the message at once and sends it until it is stored. `content` is a text, or `{text, attachments, replyTo}`.
   * Answers its `clientId`, and a promise by `acked()`.
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

  /** Uploads a file that no message has yet. Resolves with the server's attachment. */
  upload(file, options) {
    return this.#parts.uploads.upload(file, options);
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

  /** Puts an emoji on a message. Resolves with all reactions of the message. */
  addReaction(messageId, emoji) {
    return this.#react("add_reaction", "put", messageId, emoji);
  }

  /** Takes one's own emoji off a message. Resolves with the reactions that are left. */
  removeReaction(messageId, emoji) {
    return this.#react("remove_reaction", "delete", messageId, emoji);
  }

  async #react(command, method, messageId, emoji) {
    const { connection, rest } = this.#parts;
    if (connection.isReady) return (await connection.request(command, { messageId, emoji })).reactions;
    await rest[method](`/chat/messages/${messageId}/reactions/${encodeURIComponent(emoji)}`);
    return (await rest.get(`/chat/messages/${messageId}`)).reactions;
  }

  /** These changes are shown at once, by `withChanges`, and carried out when there is a server. Answers a key for `undo`. */
  queueEdit(message, content) {
    return this.#parts.changes.add(changes.edit(this, message, content));
  }

  /** `within`: milliseconds in which `undo` takes it back. */
  queueDelete(message, options) {
    return this.#parts.changes.add(changes.deletion(this, message, options));
  }

  queueReaction(message, emoji, on) {
    return this.#parts.changes.add(changes.reaction(this, message, emoji, on));
  }

  queueArchive(conversation, archived) {
    return this.#parts.changes.add(changes.archiving(this, conversation, archived));
  }

  queueNotificationDelete(notification, options) {
    return this.#parts.changes.add(changes.notificationDeletion(this, notification, options));
  }

  /** Takes a queued change back. Answers whether it was in time. */
  undo(key) {
    return this.#parts.changes.cancel(key);
  }

  /** These messages as they will be, with `pendingChange` where the server does not have the change yet. */
  withChanges(messages) {
    return this.#parts.changes.applyTo(messages);
  }

  /** Messages of the other side that have been seen. What is read already, ours or still on its way is passed over. */
  markRead(conversationId, messageIds) {
    const { joined, outbox, receipts, userId } = this.#parts;
    const view = joined.get(conversationId);
    const isNews = (message) => !message || (message.status !== "read" && message.senderId !== userId);
    const fresh = messageIds.filter((id) => !outbox.get(id) && isNews(view?.find(id)));
    receipts.add(conversationId, fresh);
  }

  /** Everything of the other side up to this `seq` has been seen, the messages that are not loaded too. */
  markReadUpTo(conversationId, seq) {
    this.#parts.receipts.addUpTo(conversationId, seq);
  }

  async markAllRead(conversationId) {
    const answer = await this.rest.patch(`/chat/conversations/${conversationId}/read`);
    this.#parts.store.setUnread(conversationId, answer.unreadCount);
    return answer;
  }

  startTyping(conversationId) {
    if (this.isConnected) this.#parts.typing.start(conversationId);
  }

  stopTyping(conversationId) {
    this.#parts.typing.stop(conversationId);
  }

  /** Any other command of the server, on the live socket: answers its ack, or throws `disconnected`. */
  request(event, data = {}) {
    return this.#parts.connection.request(event, data);
  }

  // People

  /** As far as we know; whoever is asked about is known a moment later, and from then on (`presence` tells). */
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

function written(content, options) {
  if (content?.attachments) return { text: "", ...content };
  if (typeof content?.text === "string") return content;
  return { ...(typeof options === "string" ? { messageType: options } : options), text: content };
}

/** As the server will call it, once it has seen the files. */
function messageTypeOf([first]) {
  if (!first) return "text";
  return first.kind === "image" || first.kind === "voice" ? first.kind : "file";
}
