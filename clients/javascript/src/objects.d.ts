import type { Attachment, PendingAttachment } from "./attachments.js";

export type MessageType = "text" | "image" | "file" | "voice" | "system";
export type Side = "customer" | "business" | "system";
export type ConnectionState = "closed" | "connecting" | "ready" | "waiting" | "signed_out";

export interface Business {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
}

export interface Person {
  readonly id: string;
  readonly username: string;
  readonly name: string;
}

/** An emoji on a message. `userIds` are the users who added it, in order. */
export interface Reaction {
  readonly emoji: string;
  readonly count: number;
  readonly userIds: readonly string[];
}

/** A stored message. A deleted one keeps its place and has no content. */
export interface StoredMessage {
  readonly id: string;
  readonly conversationId: string;
  readonly seq: number;
  readonly rev: number;
  readonly senderId: string | null;
  readonly senderSide: Side;
  readonly clientId: string | null;
  readonly content: string;
  readonly messageType: MessageType;
  readonly status: "sent" | "delivered" | "read";
  readonly deliveredAt: string | null;
  readonly readAt: string | null;
  readonly editedAt: string | null;
  readonly deletedAt: string | null;
  readonly replyTo: string | null;
  readonly createdAt: string;
  /** Missing if the server does not support reactions yet. */
  readonly reactions?: readonly Reaction[];
  /** Missing if the server does not support attachments yet. */
  readonly attachments?: readonly Attachment[];
  /** Set by `withChanges` for a change that the server does not have yet. */
  readonly pendingChange?: "edit" | "delete" | "reaction";
  /** Missing if the server does not support bots yet. */
  readonly senderKind?: "person" | "bot" | "system";
  /** Only if the message was sent by mail. */
  readonly via?: "email";
}

/** An own message that the server does not have yet, or has finally refused (`failed`). Its `id` is its `clientId`. */
export interface PendingMessage {
  readonly id: string;
  readonly conversationId: string;
  readonly seq: null;
  readonly rev: null;
  readonly senderId: string | null;
  readonly senderSide: null;
  readonly clientId: string;
  readonly content: string;
  readonly messageType: MessageType;
  readonly status: "sending" | "failed";
  readonly deliveredAt: null;
  readonly readAt: null;
  readonly editedAt: null;
  readonly deletedAt: null;
  readonly replyTo: string | null;
  readonly createdAt: string;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly attachments: readonly PendingAttachment[];
  /** Only of a failed one: send it again, after all others. */
  retry?(): boolean;
  /** Only of a failed one: delete it. */
  discard?(): boolean;
}

export type ChatMessage = StoredMessage | PendingMessage;

export interface LastFiles {
  readonly kind: "image" | "file" | "voice" | "video";
  readonly count: number;
  readonly durationMs: number | null;
}

export interface LastReaction {
  readonly messageId: string;
  readonly userId: string;
  readonly emoji: string;
  readonly excerpt: string;
}

/** The sender of the last message, and its status. */
export interface LastSender {
  readonly userId: string | null;
  readonly side: "customer" | "business" | "system";
  readonly status: "sent" | "delivered" | "read";
}

/** A conversation, as the reader's side sees it. */
export interface ConversationObject {
  readonly id: string;
  readonly businessId: string;
  readonly business: Business;
  readonly customerId: string;
  readonly customer: Person;
  readonly lastMessage: string;
  /** The files of a last message without a text. Lists show them instead of `lastMessage`. */
  readonly lastFiles?: LastFiles | null;
  /** The newest reaction since the last message. Lists show it instead of both. */
  readonly lastReaction?: LastReaction | null;
  /** Null where the server does not know it, and missing where the server is older than the field. */
  readonly lastSender?: LastSender | null;
  readonly lastMessageAt: string | null;
  readonly lastSeq: number;
  readonly rev: number;
  readonly unreadCount: number;
  readonly businessUnreadCount: number;
  readonly customerUnreadCount: number;
  readonly archived: boolean;
  /** The reader's side has blocked the other. */
  readonly blocked?: boolean;
  /** Missing if the reader has never set any of it. */
  readonly own?: OwnState;
  /** For members, once the team has changed something: see docs/team-inbox.md. */
  readonly teamRev?: number;
  readonly frozen?: boolean;
  /** In `snapshot.conversations`: the server does not have this change yet. */
  readonly pendingChange?: "archive" | "pin" | "mute" | "unread" | "block";
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What a page brings along: the conversation, and then its newest messages, read in this order. */
export interface InitialConversation {
  readonly conversation: ConversationObject;
  readonly messages: readonly StoredMessage[];
  readonly hasOlder: boolean;
}

export interface Notification {
  readonly id: string;
  readonly type: string;
  readonly title: string;
  readonly body: string;
  readonly actionUrl: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly readAt: string | null;
  readonly createdAt: string;
  /** Set by `withChanges` once its deletion is queued: hide it. */
  readonly deletedAt?: string;
  /** Set by `withChanges` as long as the server has not deleted it. */
  readonly pendingChange?: "notification";
}

/** The reader's private settings. `stateRev` counts the changes; `unreadFrom` is the `seq` of a mark. */
export interface OwnState {
  readonly stateRev: number;
  readonly mutedUntil: string | null;
  readonly pinned: boolean;
  readonly unreadFrom: number | null;
}

export interface Block {
  readonly kind: "user" | "business";
  readonly userId: string | null;
  readonly businessId: string | null;
  readonly name: string;
  readonly forBusinessId: string | null;
  readonly createdAt: string;
}

export interface FoundMessage {
  readonly message: StoredMessage;
  readonly conversation: ConversationObject;
  /** Pairs of start and end in the content, in Unicode code points. */
  readonly highlights: readonly (readonly [number, number])[];
}

/** `total` leaves out muted conversations, which `muted` counts. */
export interface Unread {
  readonly total: number;
  readonly muted: number;
  /** Those of `conversations` that are muted. */
  readonly mutedIds: readonly string[];
  readonly conversations: Readonly<Record<string, number>>;
}

export interface PresenceOf {
  readonly online: boolean;
  readonly lastSeen: string | null;
}

export interface Page<Row> {
  readonly results: Row[];
  readonly next: string | null;
  readonly previous: string | null;
}

export interface ConversationQuery {
  cursor?: string;
  limit?: number;
  archived?: boolean;
  businessId?: string;
  unread?: boolean;
  pinned?: boolean;
  search?: string;
}
