/** The changes for a `ChangeQueue`: what each looks like before the server has it, and how it is sent. */

const hasRev = (object, answer) => Boolean(answer?.rev) && object.rev >= answer.rev;
const now = () => new Date().toISOString();

export function edit(client, message, content) {
  return {
    key: `content/${message.id}`,
    kind: "edit",
    targetId: message.id,
    content,
    apply: (held) => ({ ...held, content, editedAt: held.editedAt ?? now() }),
    carryOut: () => client.editMessage(message.id, content),
    isIn: hasRev,
  };
}

export function deletion(client, message, { within = 0 } = {}) {
  const deletedAt = now();
  return {
    key: `content/${message.id}`,
    kind: "delete",
    targetId: message.id,
    within,
    apply: (held) => ({ ...held, content: "", reactions: [], attachments: [], deletedAt: held.deletedAt ?? deletedAt }),
    carryOut: () => client.deleteMessage(message.id),
    isIn: (held) => held.deletedAt !== null,
  };
}

/** Add this user's emoji to the message, or remove it if `on` is false. */
export function reaction(client, message, emoji, on) {
  return {
    key: `reaction/${message.id}/${emoji}`,
    kind: "reaction",
    targetId: message.id,
    apply: (held) => ({ ...held, reactions: withReaction(held.reactions ?? [], client.userId, emoji, on) }),
    carryOut: () => (on ? client.addReaction(message.id, emoji) : client.removeReaction(message.id, emoji)),
    isIn: (held) => hasReacted(held, client.userId, emoji) === on,
  };
}

export function archiving(client, conversation, archived) {
  return {
    key: `archive/${conversation.id}`,
    kind: "archive",
    targetId: conversation.id,
    apply: (held) => ({ ...held, archived }),
    carryOut: () => client.rest.patch(`/chat/conversations/${conversation.id}`, { archived }),
    isIn: (held, answer) => Date.parse(held.updatedAt) >= Date.parse(answer?.updatedAt),
  };
}

/** What the user keeps for themselves: `{pinned}` or `{mutedUntil}`. The answer is stored before it is dropped. */
export function ownChange(client, { id }, change) {
  const [[field, value]] = Object.entries(change);
  const isPin = field === "pinned";
  return {
    key: `${field}/${id}`,
    kind: isPin ? "pin" : "mute",
    targetId: id,
    apply: (held) => ({ ...held, own: { ...held.own, ...change } }),
    carryOut: () => (isPin ? client.pinConversation(id, value) : client.muteConversation(id, value)),
    isIn: () => true,
  };
}

export const unreadKey = (conversationId) => `unread/${conversationId}`;

export function markingUnread(client, { id }, seq) {
  return {
    key: unreadKey(id),
    kind: "unread",
    targetId: id,
    apply: (held) => ({ ...held, unreadCount: held.unreadCount || 1, own: { ...held.own, unreadFrom: seq } }),
    carryOut: () => client.markUnread(id, seq),
    isIn: () => true,
  };
}

/** `within`: as for `deletion`. The caller hides the notification meanwhile. */
export function notificationDeletion(client, { id }, { within = 0 } = {}) {
  return {
    key: `notification/${id}`,
    kind: "notification",
    targetId: id,
    within,
    apply: (held) => held,
    carryOut: () => client.rest.delete(`/notifications/${id}`),
  };
}

function hasReacted(message, userId, emoji) {
  return message.reactions?.find((one) => one.emoji === emoji)?.userIds.includes(userId) ?? false;
}

function withReaction(reactions, userId, emoji, on) {
  const held = reactions.find((one) => one.emoji === emoji);
  const others = (held?.userIds ?? []).filter((id) => id !== userId);
  const userIds = on ? [...others, userId] : others;
  const changed = { emoji, count: userIds.length, userIds };
  if (!held) return on ? [...reactions, changed] : reactions;
  return reactions.map((one) => (one === held ? changed : one)).filter((one) => one.count > 0);
}
