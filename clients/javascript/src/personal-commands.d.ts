import type { Block, ConversationObject, FoundMessage, Page } from "./objects.js";

export interface SearchQuery {
  q?: string;
  conversationId?: string;
  businessId?: string;
  senderId?: string;
  /** A date or a time. */
  from?: string;
  to?: string;
  has?: "attachment" | "link";
  cursor?: string;
  limit?: number;
}

/** A user's private settings and blocks. Nobody else is notified. */
export class PersonalCommands {
  /** Until this time, or (null) no longer. */
  muteConversation(conversationId: string, until: Date | string | null): Promise<ConversationObject>;
  pinConversation(conversationId: string, pinned?: boolean): Promise<ConversationObject>;
  /** The messages of the other side from this `seq` on count as unread again, until the next read. */
  markUnread(conversationId: string, seq: number): Promise<ConversationObject>;
  /** Whether the user looks at this client's screen. A page finds out by itself; null uses its result. */
  setAttention(active: boolean | null): void;
  blockUser(userId: string): Promise<Block>;
  unblockUser(userId: string): Promise<null>;
  blockBusiness(businessId: string): Promise<Block>;
  unblockBusiness(businessId: string): Promise<null>;
  loadBlocks(query?: { cursor?: string; limit?: number }): Promise<Page<Block>>;
  searchMessages(query: SearchQuery): Promise<Page<FoundMessage>>;
  /** Mark all notifications of this type as read, or all of them. */
  markNotificationsRead(type?: string): Promise<void>;
  /** `snapshot.unreadNotifications` counts it no longer. Whether it was unread is known from `readAt`. */
  deleteNotification(notification: { id: string; readAt?: string | null }): Promise<void>;
}
