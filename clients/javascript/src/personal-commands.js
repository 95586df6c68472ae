/** A user's private settings and blocks. Nobody else is notified. */
export class PersonalCommands {
  #parts;

  constructor(parts) {
    this.#parts = parts;
  }

  /** Mute the conversation until this time (a `Date` or ISO text), or unmute it (null). */
  muteConversation(conversationId, until) {
    const mutedUntil = until instanceof Date ? until.toISOString() : until;
    return this.#arrange(conversationId, { mutedUntil });
  }

  pinConversation(conversationId, pinned = true) {
    return this.#arrange(conversationId, { pinned });
  }

  /** Count the messages of the other side from this `seq` on as unread again, until the next read. */
  async markUnread(conversationId, seq) {
    await this.#parts.receipts.sent(conversationId); // what was read before must not be the last word
    return this.#take(await this.#parts.rest.patch(`/chat/conversations/${conversationId}/unread`, { seq }));
  }

  /**
   * Report whether the user looks at this client's screen. A page does this by itself. While it is true, the
   * server sends no push and no mail. Null uses the page's own result.
   */
  setAttention(active) {
    this.#parts.attention.set(active);
  }

  /** Block a member of a business as its customer, or a customer as a member. */
  blockUser(userId) {
    return this.#parts.rest.put(`/chat/blocks/${userId}`);
  }

  unblockUser(userId) {
    return this.#parts.rest.delete(`/chat/blocks/${userId}`);
  }

  blockBusiness(businessId) {
    return this.#parts.rest.put(`/chat/blocks/businesses/${businessId}`);
  }

  unblockBusiness(businessId) {
    return this.#parts.rest.delete(`/chat/blocks/businesses/${businessId}`);
  }

  /** A page of the blocks that the user may remove. */
  loadBlocks(query = {}) {
    return this.#parts.rest.get("/chat/blocks", query);
  }

  /** A page of the messages that contain the words of `q`, newest first: `{message, conversation, highlights}`. */
  searchMessages(query) {
    return this.#parts.rest.get("/chat/search", query);
  }

  /** Mark all notifications of this type as read, or all of them. */
  async markNotificationsRead(type = "") {
    const { unreadCount } = await this.#parts.rest.patch(`/notifications/read-all${type && `?type=${type}`}`);
    this.#parts.notifications.count(unreadCount);
  }

  async deleteNotification({ id, readAt, isUnread = readAt === null }) {
    await this.#parts.rest.delete(`/notifications/${id}`);
    if (isUnread) this.#parts.notifications.deleted(id);
  }

  async #arrange(conversationId, change) {
    return this.#take(await this.#parts.rest.patch(`/chat/conversations/${conversationId}`, change));
  }

  #take(conversation) {
    this.#parts.store.put(conversation);
    return conversation;
  }
}
