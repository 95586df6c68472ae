import { Addresses } from "./addresses.js";
import { Attention } from "./attention.js";
import { systemClock } from "./clock.js";
import { ChangeQueue } from "./change-queue.js";
import { unreadKey } from "./changes.js";
import { Connection } from "./connection.js";
import { Credentials } from "./credentials.js";
import { Emitter } from "./emitter.js";
import { ChatError } from "./errors.js";
import { NotificationFeed } from "./notifications.js";
import { Outbox } from "./outbox.js";
import { OutboxUploads } from "./outbox-uploads.js";
import { Presence } from "./presence.js";
import { ReadReceipts } from "./receipts.js";
import { Rest } from "./rest.js";
import { JoinedConversations } from "./joined-conversations.js";
import { Sender } from "./sender.js";
import { ConversationStore } from "./conversation-store.js";
import { SyncRequester } from "./sync.js";
import { LocalTyping } from "./typing.js";
import { Uploads } from "./uploads.js";

const DEFAULTS = { heartbeat: 25_000, answerWithin: 8_000, connectWithin: 10_000, restAfter: 8_000 };
/** These events have a conversation's `rev` without being a change of it. Every other event with a `rev` is applied in order. */
const WITHOUT_TURN = new Set(["conversation_updated", "joined_conversation"]);

function isOfConversation({ event, data }) {
  if (event === "user_typing") return true;
  return typeof data?.conversationId === "string" && Number.isInteger(data.rev) && !WITHOUT_TURN.has(event);
}

/** Creates the parts of a client, and connects them. */
export class ClientParts extends Emitter {
  userId = null;
  #commands;
  #restore;

  /** `commands(name, view, given)` runs a command of a conversation's view. `restore(row)` returns a change for the queue. */
  constructor(options, commands, restore) {
    super();
    const settings = { ...DEFAULTS, ...options, clock: options.clock ?? systemClock };
    this.#commands = commands;
    this.#restore = restore;
    this.clock = settings.clock;
    this.#setUpTransport(settings);
    this.#setUpState(settings);
    this.#listen();
    this.identify(options.userId ?? this.credentials.userId);
  }

  get trouble() {
    return (error) => this.emit("trouble", error);
  }

  /** The server's count, without the notifications whose deletion waits. */
  get unreadNotifications() {
    const { changes, notifications } = this;
    const hidden = changes.waiting("notification").filter((change) => change.isUnread && notifications.isCounted(change.targetId));
    return notifications.unread && Math.max(0, notifications.unread - hidden.length);
  }

  #setUpTransport(settings) {
    const { clock, heartbeat, answerWithin, connectWithin, WebSocket = globalThis.WebSocket } = settings;
    if (!WebSocket) throw new TypeError("There is no WebSocket here; give one as the option `WebSocket`.");
    const addresses = new Addresses(settings.url, settings.restUrl);
    const fetch = settings.fetch ?? ((...request) => globalThis.fetch(...request));
    this.rest = new Rest({ addresses, fetch, clock });
    const credentials = new Credentials(settings, {
      clock,
      exchange: (refresh) => this.rest.anonymously("POST", "/auth/token/refresh", { refresh }),
      onTokens: (tokens) => this.emit("tokens", tokens),
    });
    this.rest.credentials = this.credentials = credentials;
    const timing = { heartbeat, answerWithin, connectWithin };
    this.connection = new Connection({ addresses, credentials, WebSocket, clock, ...timing });
    const http = { fetch, XMLHttpRequest: settings.fetch ? settings.XMLHttpRequest : globalThis.XMLHttpRequest };
    this.uploads = new Uploads({ rest: this.rest, clock, http, isConnected: () => this.connection.isReady });
  }

  #setUpState({ storage, fileStorage, restAfter, unreadNotifications }) {
    const { clock, connection, rest, trouble } = this;
    this.store = new ConversationStore((what, id) => this.#storeChanged(what, id), clock);
    const told = { tell: (event, data) => this.tell(event, data), missing: () => this.syncRequester.wantGeneral() };
    this.notifications = new NotificationFeed(told, unreadNotifications);
    this.outboxUploads = new OutboxUploads({ uploads: this.uploads, storage: fileStorage, trouble: this.trouble });
    this.outbox = this.outboxUploads.outbox = this.#newOutbox(storage);
    this.changes = this.#newChanges(storage);
    const acked = (message) => this.joined.get(message.conversationId)?.acked(message);
    this.sender = new Sender({ outbox: this.outbox, connection, rest, clock, restAfter, acked });
    const { store, notifications } = this;
    this.syncRequester = new SyncRequester({ connection, clock, store, notifications }, { trouble });
    this.joined = new JoinedConversations({ host: this.#host(), connection, syncRequester: this.syncRequester, clock });
    const changed = (userId, now) => this.tell("presence", { userId, ...now });
    this.presence = new Presence(rest, clock, { changed, trouble });
    const marked = (answer) => store.setUnread(answer.conversationId, answer.unreadCount);
    this.receipts = new ReadReceipts(connection, clock, { marked, trouble });
    this.typing = new LocalTyping(clock, (event, conversationId) => this.#sendBestEffort(event, { conversationId }));
    this.attention = new Attention(clock, () => this.#sendBestEffort("set_attention", { active: true }));
  }

  #newOutbox(storage) {
    return new Outbox({
      clock: this.clock,
      storage,
      trouble: this.trouble,
      changed: (conversationId) => this.#pendingChanged(conversationId),
      shown: (attachment) => this.outboxUploads.shown(attachment),
      settled: (entry, message) => {
        this.outboxUploads.left(entry);
        this.emit("message_acked", { clientId: entry.clientId, message });
      },
      failed: (entry) => {
        const { clientId, error } = entry;
        if (error.code === "discarded") this.outboxUploads.left(entry, { discarded: true });
        this.emit("message_failed", { clientId, error: new ChatError(error.code, error.message) });
      },
    });
  }

  #newChanges(storage) {
    return new ChangeQueue({
      clock: this.clock,
      storage,
      trouble: this.trouble,
      restore: (row) => this.#restore(row),
      changed: (targetId) => this.tell("pending_changes", { targetId }),
      refused: ({ key, kind, targetId, content }, error) =>
        this.emit("change_refused", { key, kind, targetId, content, error }),
    });
  }

  /** The part of the client that a conversation's view needs. */
  #host() {
    const { rest, clock, store, outbox } = this;
    return {
      rest,
      clock,
      store,
      outbox,
      me: () => this.userId,
      sync: (view) => this.syncRequester.want(view),
      tell: (event, data) => this.#fromConversation(event, data),
      command: (view, name, ...given) => this.#commands(name, view, given),
    };
  }

  #listen() {
    this.connection.on("state", (state) => {
      this.sender.connectionChanged(state);
      this.tell("state", state);
    });
    this.connection.on("identified", ({ userId }) => this.identify(userId));
    this.connection.on("ready", () => this.#ready());
    this.connection.on("event", (event) => this.#receive(event));
    this.connection.on("heartbeat", (answer) => this.#compare(answer));
    this.connection.on("lost", () => this.disconnected());
    this.connection.on("trouble", this.trouble);
    this.connection.on("signed_out", (error) => {
      this.presence.forget();
      this.#stopSending(); // the next page of the user sends what waits
      this.emit("signed_out", error);
    });
  }

  /** The socket is gone: nobody types, and nothing can be fetched. */
  disconnected() {
    this.syncRequester.clear();
    this.typing.clear();
    this.attention.disconnected();
    this.joined.disconnected();
  }

  /** Pause until the connection is opened again. */
  stop() {
    this.connection.close();
    this.disconnected();
    this.presence.clear();
    this.attention.stop();
    this.#stopSending();
  }

  #stopSending() {
    this.outboxUploads.stop();
    this.outbox.release();
    this.changes.stop();
  }

  /** The user is known, from the token or from the server. The outbox belongs to this user only. */
  identify(userId) {
    if (userId === null || userId === undefined) return;
    this.userId = this.credentials.pageUser = userId;
    this.outbox.open(userId);
    this.outboxUploads.open(userId);
    this.changes.open(userId);
    this.emit("change");
  }

  /** The user reads the conversation. An earlier "Mark as unread" is no longer sent, or its answer is awaited. */
  async reading(conversationId, mark) {
    await this.changes.withdraw(unreadKey(conversationId));
    return mark();
  }

  tell(event, data) {
    this.emit("change");
    this.emit(event, data);
  }

  #ready() {
    this.outboxUploads.wake();
    if (this.userId === null) this.#fetchUserId();
    this.joined.connected();
    this.receipts.reconnected(); // before a later "Mark as unread"
    this.changes.resume();
    this.presence.refresh();
    this.attention.connected();
    this.syncRequester.wantGeneral();
    this.emit("ready", { userId: this.userId });
  }

  async #fetchUserId() {
    try {
      this.identify((await this.rest.get("/auth/me")).id);
    } catch (error) {
      this.trouble(error);
    }
  }

  #receive({ event, data }) {
    if (isOfConversation({ event, data })) return this.joined.receive({ event, data });
    if (event === "notification") return this.notifications.receive(data);
    if (event === "conversation_updated") {
      this.store.put(data.conversation);
      this.joined.get(data.conversationId)?.expect(data.rev);
    }
    if (event === "user_online") this.presence.set(data.userId, true);
    if (event === "user_offline") this.presence.set(data.userId, false, data.lastSeen);
    return this.emit(event, data);
  }

  /** Compare with the answer to a heartbeat. The application compares the `teamRev`. */
  #compare({ conversations = {}, notificationsRev }) {
    this.joined.compare(conversations);
    this.notifications.expect(notificationsRev);
    for (const [conversationId, { teamRev }] of Object.entries(conversations)) {
      if (teamRev) this.emit("team_rev", { conversationId, teamRev });
    }
  }

  #fromConversation(event, data) {
    if (event === "messages_read") this.receipts.confirmed(data.conversationId, data.messageIds);
    this.emit(event, data);
  }

  /** Send without waiting for the answer. A lost command does no harm. */
  #sendBestEffort(event, data) {
    return this.connection.request(event, data).catch((error) => {
      if (error.code !== "disconnected") this.trouble(error);
    });
  }

  #storeChanged(what, conversationId) {
    if (conversationId) this.joined.touch(conversationId);
    this.tell(what, what === "unread" ? this.store.unread : this.store.list);
  }

  /** Also called while the parts are created. */
  #pendingChanged(conversationId) {
    this.joined?.touch(conversationId);
    this.outboxUploads.pump();
    this.sender?.pump();
    this.tell("pending_messages", { conversationId });
  }
}
