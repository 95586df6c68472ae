import type { Attachment, FileStorage, MessageToSend, UploadOptions } from "./attachments.js";
import type { PersonalCommands } from "./personal-commands.js";
import type {
  MessageType,
  ConnectionState,
  Reaction,
  StoredMessage,
  ChatMessage,
  ConversationObject,
  ConversationQuery,
  Notification,
  Unread,
  PresenceOf,
  Page,
} from "./objects.js";

export type * from "./attachments.js";
export type * from "./objects.js";
export type * from "./personal-commands.js";

/**
 * A refusal. `code` is one of the server's, or `disconnected`, `timeout`, `unreachable`, `outbox_full`, `discarded`,
 * `file_lost`, `aborted`.
 */
export class ChatError extends Error {
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly status: number | undefined;
  constructor(code: string, message: string, details?: Record<string, unknown>, status?: number);
}

export interface MessageEvent {
  readonly conversationId: string;
  readonly rev: number;
  readonly message: StoredMessage;
}

export interface ConversationEvents {
  new_message: MessageEvent;
  message_edited: MessageEvent;
  message_deleted: MessageEvent;
  /** With all reactions of the message. */
  reactions_updated: { conversationId: string; rev: number; messageId: string; reactions: readonly Reaction[] };
  /** The server has looked at a file: it is `ready`, or `rejected` with a reason. */
  attachment_updated: { conversationId: string; rev: number; messageId: string; attachment: Attachment };
  messages_delivered: { conversationId: string; rev: number; messageIds: string[] };
  /** `readBy` is null where a sync told it, which does not say who. */
  messages_read: { conversationId: string; rev: number; messageIds: string[]; readBy: string | null };
  user_typing: { conversationId: string; userId: string; isTyping: boolean };
}

export interface ClientEvents extends ConversationEvents {
  state: ConnectionState;
  ready: { userId: string | null };
  signed_out: ChatError;
  /** A fresh pair, where the client renews by `refresh`: store it. */
  tokens: { access: string; refresh: string };
  message_acked: { clientId: string; message: StoredMessage };
  message_failed: { clientId: string; error: ChatError };
  conversations: readonly ConversationObject[];
  conversation_updated: { conversationId: string; rev: number; conversation: ConversationObject };
  /** What `withChanges` or `snapshot.conversations` shows of this object is different. */
  pending_changes: { targetId: string };
  /** A queued change was refused for good, and is shown no more. `content` is that of an edit. */
  change_refused: {
    key: string;
    kind: "edit" | "delete" | "reaction" | "archive" | "notification";
    targetId: string;
    content?: string;
    error: ChatError;
  };
  unread: Unread;
  presence: PresenceOf & { userId: string };
  user_online: { userId: string };
  user_offline: { userId: string; lastSeen: string };
  /** New, read or (`deleted`) gone; of one that went while we were away only the id is known. */
  notification: {
    notification: Notification | { id: string };
    rev: number;
    unreadCount: number | null;
    deleted?: boolean;
  };
  /** Too much happened while we were away: fetch the notifications anew. */
  notifications_reset: { rev: number };
  unread_notifications: { unreadCount: number };
  /** Of a business's other members: what one of their sockets shows, or (null) shows no more. */
  colleague_looking: {
    viewId: string;
    userId: string;
    name: string;
    businessId: string;
    conversationId: string | null;
    answering: boolean;
  };
  session_expiring: { expiresAt: string };
  server_stopping: { retryAfter: number };
  /** The server's refusal of something that nobody waits for. */
  error: { code: string; message: string; details?: Record<string, unknown> };
  /** Something went wrong that the client goes on from: for logs. */
  trouble: Error;
  /** `snapshot` is another one. */
  change: undefined;
}

export interface ViewEvents extends ConversationEvents {
  change: Conversation;
  loaded: Conversation;
  /** After a long absence the messages were fetched anew; older ones may have to be loaded again. */
  reset: Conversation;
}

export interface SendOptions {
  messageType?: Exclude<MessageType, "system">;
  replyTo?: string;
}

export interface Sending {
  readonly clientId: string;
  /** Settles when the server has the message, or refuses it for good; however long that takes. */
  acked(): Promise<StoredMessage>;
}

export interface ConversationSnapshot {
  readonly id: string | null;
  readonly status: "loading" | "ready" | "gone";
  readonly conversation: ConversationObject | null;
  /** Stored ones in the order of `seq`, then ours that are on their way. */
  readonly messages: readonly ChatMessage[];
  /** The ids of those who are typing. */
  readonly typing: readonly string[];
  readonly hasOlder: boolean;
  readonly rev: number;
}

export interface ExcerptEvents {
  change: Excerpt;
  /** It has grown to the view's own messages, which hold all of it from now on. */
  joined: Excerpt;
  /** The conversation was fetched anew: open another one. */
  stale: Excerpt;
}

/** A stretch of history far from the newest messages, kept up to date until it is closed. */
export interface Excerpt {
  readonly messages: readonly StoredMessage[];
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
  on<Name extends keyof ExcerptEvents>(event: Name, listener: (data: ExcerptEvents[Name]) => void): () => void;
  find(messageId: string): StoredMessage | undefined;
  loadOlder(): Promise<boolean>;
  loadNewer(): Promise<boolean>;
  close(): void;
}

/** A live view of one conversation. */
export interface Conversation {
  readonly id: string;
  readonly status: "loading" | "ready" | "gone";
  readonly rev: number;
  readonly snapshot: ConversationSnapshot;
  readonly messages: readonly ChatMessage[];
  readonly conversation: ConversationObject | null;
  on<Name extends keyof ViewEvents>(event: Name, listener: (data: ViewEvents[Name]) => void): () => void;
  ready(): Promise<Conversation>;
  find(messageId: string): StoredMessage | undefined;
  send(content: string, options?: SendOptions | SendOptions["messageType"]): Sending;
  send(message: MessageToSend): Sending;
  markRead(messageIds: readonly string[]): void;
  /** Everything of the other side up to this `seq`, the messages that are not loaded too. */
  markReadUpTo(seq: number): void;
  startTyping(): void;
  stopTyping(): void;
  loadOlder(): Promise<boolean>;
  /** The messages around this `seq`, without all that lie between. */
  excerpt(seq: number): Promise<Excerpt>;
  leave(): void;
}

export interface ClientSnapshot {
  readonly state: ConnectionState;
  readonly isConnected: boolean;
  readonly userId: string | null;
  /** Newest activity first; those that were loaded, joined or changed. */
  readonly conversations: readonly ConversationObject[];
  readonly unread: Unread;
  readonly unreadNotifications: number | null;
  readonly presence: ReadonlyMap<string, PresenceOf>;
  /** Our messages that the server does not have. */
  readonly pending: number;
}

export interface KeyValueStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export interface ChatClientOptions {
  /** The socket's address, or several to go through; relative to the page, http(s) or ws(s). Default `/chat`. */
  url?: string | readonly string[];
  /** Where REST is, if not beside the socket. */
  restUrl?: string;
  /**
   * Gives an access token. `renew`: the last one was refused or is about to end. Nothing, or an error with the code
   * `unauthenticated` or the status 401, means signed out; any other error is tried again.
   */
  getToken?: (need: { renew: boolean }) => string | null | undefined | Promise<string | null | undefined>;
  token?: string | null;
  /** With it the client renews tokens by itself, and tells each new pair as `tokens`. For one tab at a time. */
  refresh?: string;
  /** A ticket for the socket's address, or (to be able to reconnect) a function that gets one. */
  ticket?: string | (() => string | Promise<string>);
  /** Who we are, where it is known before the server says so. */
  userId?: string;
  fetch?: typeof globalThis.fetch;
  WebSocket?: new (url: string) => unknown;
  /** Where the outbox outlives the page. Default `localStorage`. */
  storage?: KeyValueStorage;
  /** Where the files of unsent messages outlive the page. Default IndexedDB, or the memory where there is none. */
  fileStorage?: FileStorage;
  /** For uploads that show their progress. Default the browser's, where `fetch` is the browser's too. */
  XMLHttpRequest?: typeof globalThis.XMLHttpRequest;
  /** Milliseconds without a socket after which messages go by REST. Default 8000. */
  restAfter?: number;
  /** Milliseconds between heartbeats. Default 25000. */
  heartbeat?: number;
  /** Milliseconds in which a heartbeat must be answered. Default 8000. */
  answerWithin?: number;
  /** Milliseconds in which a socket must be open and authenticated. Default 10000. */
  connectWithin?: number;
}

export interface Rest {
  get<Answer = any>(path: string, query?: Record<string, unknown>): Promise<Answer>;
  post<Answer = any>(path: string, body?: object): Promise<Answer>;
  put<Answer = any>(path: string, body?: object): Promise<Answer>;
  patch<Answer = any>(path: string, body?: object): Promise<Answer>;
  delete(path: string): Promise<null>;
  /** The whole address of an attachment's `url`, which may be relative to the server. */
  resolve(address: string): string;
}

export class ChatClient extends PersonalCommands {
  constructor(options?: ChatClientOptions);
  readonly rest: Rest;
  readonly state: ConnectionState;
  readonly isConnected: boolean;
  readonly userId: string | null;
  readonly snapshot: ClientSnapshot;
  on<Name extends keyof ClientEvents>(event: Name, listener: (data: ClientEvents[Name]) => void): () => void;
  connect(): this;
  close(): void;
  replaceToken(token: string): Promise<void>;
  join(conversationId: string): Conversation;
  conversation(conversationId: string): Conversation | undefined;
  loadConversations(query?: ConversationQuery): Promise<Page<ConversationObject>>;
  openConversation(parties: { businessId: string; customerId?: string }): Promise<ConversationObject>;
  send(conversationId: string, content: string, options?: SendOptions | SendOptions["messageType"]): Sending;
  send(conversationId: string, message: MessageToSend): Sending;
  /** Uploads a file beside the messages: its `id` is for `attachmentIds`. The server forgets an unused one after a day. */
  upload(file: Blob, options?: UploadOptions): Promise<Attachment>;
  retry(clientId: string): boolean;
  discard(clientId: string): boolean;
  editMessage(messageId: string, content: string): Promise<StoredMessage>;
  deleteMessage(messageId: string): Promise<void>;
  /** Both resolve with all reactions of the message. Repeats change nothing. */
  addReaction(messageId: string, emoji: string): Promise<readonly Reaction[]>;
  removeReaction(messageId: string, emoji: string): Promise<readonly Reaction[]>;
  /** These changes are shown at once, by `withChanges`, and carried out when there is a server. Each answers a key for `undo`. */
  queueEdit(message: StoredMessage, content: string): string;
  /** `within`: milliseconds in which `undo` takes it back. */
  queueDelete(message: StoredMessage, options?: { within?: number }): string;
  queueReaction(message: StoredMessage, emoji: string, on: boolean): string;
  queueArchive(conversation: ConversationObject, archived: boolean): string;
  /** Hide it meanwhile. */
  queueNotificationDelete(notification: { id: string }, options?: { within?: number }): string;
  /** Takes a queued change back. Answers whether it was in time. */
  undo(key: string): boolean;
  /** These messages as they will be. */
  withChanges<Message extends ChatMessage>(messages: readonly Message[]): readonly Message[];
  markRead(conversationId: string, messageIds: readonly string[]): void;
  /** Everything of the other side up to this `seq`, the messages that are not loaded too. */
  markReadUpTo(conversationId: string, seq: number): void;
  markAllRead(conversationId: string): Promise<{ conversationId: string; messageIds: string[]; unreadCount: number }>;
  startTyping(conversationId: string): void;
  stopTyping(conversationId: string): void;
  /** Any other command of the server, on the live socket. Rejects with `disconnected` where there is none. */
  request<Answer = any>(event: string, data?: object): Promise<Answer>;
  isUserOnline(userId: string): boolean;
  isUserTyping(conversationId: string, userId: string): boolean;
}

/** Deletes the stored files of a user's unsent messages, for example at logout. */
export function forgetFiles(userId: string, storage?: FileStorage): Promise<void>;
