import type { Attachment, FileStorage, MessageToSend, UploadOptions } from "./attachments.js";
import type { ClientEvents, ConversationEvents } from "./events.js";
import type { PersonalCommands } from "./personal-commands.js";
import type {
  MessageType, ConnectionState,
  Reaction,
  StoredMessage,
  ChatMessage,
  ConversationObject,
  ConversationQuery,
  InitialConversation,
  Notification,
  PendingMessage,
  Unread,
  PresenceOf,
  Page,
} from "./objects.js";

export type * from "./attachments.js";
export type * from "./events.js";
export type * from "./objects.js";
export type * from "./personal-commands.js";
export type * from "./team.js";

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

export interface ViewEvents extends ConversationEvents {
  change: Conversation;
  loaded: Conversation;
  /** After a long absence the messages were fetched again; older ones may have to be loaded again. */
  reset: Conversation;
}

export interface SendOptions {
  messageType?: Exclude<MessageType, "system">;
  replyTo?: string;
}

export interface Sending {
  readonly clientId: string;
  /** Settles when the server has stored the message or finally refused it, however long that takes. */
  acked(): Promise<StoredMessage>;
}

export interface ConversationSnapshot {
  readonly id: string | null;
  readonly status: "loading" | "ready" | "gone";
  readonly conversation: ConversationObject | null;
  /** Stored messages in the order of `seq`, then own unsent ones. */
  readonly messages: readonly ChatMessage[];
  /** The ids of the users who are typing. */
  readonly typing: readonly string[];
  readonly hasOlder: boolean;
  readonly rev: number;
}

export interface ExcerptEvents {
  change: Excerpt;
  /** It has reached the view's own messages, which contain all of it from now on. */
  joined: Excerpt;
  /** The conversation was fetched again: open another excerpt. */
  stale: Excerpt;
}

/** A part of the history far from the newest messages, kept up to date until it is closed. */
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
  /** All messages of the other side up to this `seq`, also those that are not loaded. */
  markReadUpTo(seq: number): void;
  startTyping(): void;
  stopTyping(): void;
  loadOlder(): Promise<boolean>;
  /** The messages around this `seq`, without the messages between them and the newest ones. */
  excerpt(seq: number): Promise<Excerpt>;
  leave(): void;
}

export interface ClientSnapshot {
  readonly state: ConnectionState;
  readonly isConnected: boolean;
  readonly userId: string | null;
  /** The conversations that were loaded, joined or changed, newest activity first. */
  readonly conversations: readonly ConversationObject[];
  readonly unread: Unread;
  /** The server's count, without those whose deletion is queued. Null if it is not known yet. */
  readonly unreadNotifications: number | null;
  readonly presence: ReadonlyMap<string, PresenceOf>;
  /** The user's messages that the server does not have. */
  readonly pending: number;
}

export interface KeyValueStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export interface ChatClientOptions {
  /** The socket's address, or several to try in turn; relative to the page, http(s) or ws(s). Default `/chat`. */
  url?: string | readonly string[];
  /** The address of REST, if it is not the socket's. */
  restUrl?: string;
  /**
   * Returns an access token. `renew`: the last one was refused or is about to expire. Undefined, or an error with the code
   * `unauthenticated` or the status 401, means signed out. After any other error the client tries again.
   */
  getToken?: (need: { renew: boolean }) => string | null | undefined | Promise<string | null | undefined>;
  token?: string | null;
  /** If set, the client renews tokens by itself and emits each new pair as `tokens`. Use it in one tab only. */
  refresh?: string;
  /** A ticket for the socket's address, or, to allow reconnects, a function that gets one. */
  ticket?: string | (() => string | Promise<string>);
  /** The user's id, if it is known before the server answers. */
  userId?: string;
  /** The number of unread notifications, if the page knows it before the server answers. */
  unreadNotifications?: number;
  fetch?: typeof globalThis.fetch;
  WebSocket?: new (url: string) => unknown;
  /** Storage for the outbox. Default `localStorage`. */
  storage?: KeyValueStorage;
  /** Storage for the files of unsent messages. Default IndexedDB, or memory if there is none. */
  fileStorage?: FileStorage;
  /** For uploads with progress. Default the browser's, if `fetch` is the browser's too. */
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
  /** The absolute address of an attachment's `url`, which may be relative to the server. */
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
  /** With `initial`, the view fetches nothing first. */
  join(conversationId: string, options?: { initial?: InitialConversation | null }): Conversation;
  conversation(conversationId: string): Conversation | undefined;
  loadConversations(query?: ConversationQuery): Promise<Page<ConversationObject>>;
  openConversation(parties: { businessId: string; customerId?: string }): Promise<ConversationObject>;
  send(conversationId: string, content: string, options?: SendOptions | SendOptions["messageType"]): Sending;
  send(conversationId: string, message: MessageToSend): Sending;
  /** Upload a file without a message. Its `id` is for `attachmentIds`. The server deletes an unused file after a day. */
  upload(file: Blob, options?: UploadOptions): Promise<Attachment>;
  /** The user's messages that the server does not have yet, in the order of writing. */
  pendingMessages(conversationId: string): readonly PendingMessage[];
  retry(clientId: string): boolean;
  discard(clientId: string): boolean;
  editMessage(messageId: string, content: string): Promise<StoredMessage>;
  deleteMessage(messageId: string): Promise<void>;
  /** Both resolve with all reactions of the message. Repeating them changes nothing. */
  addReaction(messageId: string, emoji: string): Promise<readonly Reaction[]>;
  removeReaction(messageId: string, emoji: string): Promise<readonly Reaction[]>;
  /** `withChanges` shows these changes at once. The client sends them when there is a server. Each returns a key for `undo`. */
  queueEdit(message: StoredMessage, content: string): string;
  /** `within`: milliseconds in which `undo` can cancel it. */
  queueDelete(message: StoredMessage, options?: { within?: number }): string;
  queueReaction(message: StoredMessage, emoji: string, on: boolean): string;
  queueArchive(conversation: ConversationObject, archived: boolean): string;
  queueOwn(conversation: ConversationObject, change: { pinned: boolean } | { mutedUntil: string | null }): string;
  queueUnread(conversation: ConversationObject, seq: number): string;
  /** Block the other side, or end that. */
  queueBlock(conversation: ConversationObject, blocked: boolean): string;
  queueNotificationDelete(notification: { id: string; readAt?: string | null }, options?: { within?: number }): string;
  /** Cancel a queued change. Returns whether it was in time. */
  undo(key: string): boolean;
  /** Send the queued changes that could still be undone. Resolves when their requests have ended, whether they succeeded or not. */
  flush(): Promise<void>;
  /** These messages, conversations or notifications with the queued changes applied. */
  withChanges<Item extends ChatMessage | ConversationObject | Notification>(items: readonly Item[]): readonly Item[];
  markRead(conversationId: string, messageIds: readonly string[]): void;
  /** All messages of the other side up to this `seq`, also those that are not loaded. */
  markReadUpTo(conversationId: string, seq: number): void;
  markAllRead(conversationId: string): Promise<{ conversationId: string; messageIds: string[]; unreadCount: number }>;
  startTyping(conversationId: string): void;
  stopTyping(conversationId: string): void;
  /** Send any other command on the live socket. Rejects with `disconnected` if there is none. */
  request<Answer = any>(event: string, data?: object): Promise<Answer>;
  isUserOnline(userId: string): boolean;
  isUserTyping(conversationId: string, userId: string): boolean;
}

/** Deletes the stored files of a user's unsent messages, for example at logout. */
export function forgetFiles(userId: string, storage?: FileStorage): Promise<void>;
