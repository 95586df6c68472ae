/** The events of a client and of its views, by name. */

import type { Attachment } from "./attachments.js";
import type { ChatError } from "./chat-client.js";
import type {
  ConnectionState,
  ConversationObject,
  Notification,
  PresenceOf,
  Reaction,
  StoredMessage,
  Unread,
} from "./objects.js";
import type { TeamEvents } from "./team.js";

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
  /** The server has processed a file: it is `ready`, or `rejected` with a reason. */
  attachment_updated: { conversationId: string; rev: number; messageId: string; attachment: Attachment };
  messages_delivered: { conversationId: string; rev: number; messageIds: string[] };
  /** `readBy` is null if it was found by a sync, which does not say who read. */
  messages_read: { conversationId: string; rev: number; messageIds: string[]; readBy: string | null };
  user_typing: { conversationId: string; userId: string; isTyping: boolean };
}

export interface ClientEvents extends ConversationEvents, TeamEvents {
  state: ConnectionState;
  ready: { userId: string | null };
  signed_out: ChatError;
  /** A new pair, if the client renews by `refresh`: store it. */
  tokens: { access: string; refresh: string };
  message_acked: { clientId: string; message: StoredMessage };
  message_failed: { clientId: string; error: ChatError };
  conversations: readonly ConversationObject[];
  conversation_updated: { conversationId: string; rev: number; conversation: ConversationObject };
  /** `pendingMessages` returns something else for this conversation. */
  pending_messages: { conversationId: string };
  /** This object looks different in `withChanges` or `snapshot.conversations`. */
  pending_changes: { targetId: string };
  /** A queued change was finally refused, and is no longer shown. `content` is the text of an edit. */
  change_refused: {
    key: string;
    kind: "edit" | "delete" | "reaction" | "archive" | "pin" | "mute" | "unread" | "block" | "notification";
    targetId: string;
    content?: string;
    error: ChatError;
  };
  unread: Unread;
  presence: PresenceOf & { userId: string };
  user_online: { userId: string };
  user_offline: { userId: string; lastSeen: string };
  /** New, read, or deleted (`deleted`). Only the id is known if it was deleted while the client was disconnected. */
  notification: {
    notification: Notification | { id: string };
    rev: number;
    unreadCount: number | null;
    deleted?: boolean;
  };
  /** The client missed too many changes: fetch the notifications again. */
  notifications_reset: { rev: number };
  /** The count has changed without a `notification`, by a `sync` or an answer to this client. */
  unread_notifications: { unreadCount: number };
  session_expiring: { expiresAt: string };
  server_stopping: { retryAfter: number };
  /** The server's refusal of a command that no caller waits for. */
  error: { code: string; message: string; details?: Record<string, unknown> };
  /** An error that the client has handled, for logs. */
  trouble: Error;
  /** `snapshot` was replaced. */
  change: undefined;
}
