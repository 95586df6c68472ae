/** The changes for a `ChangeQueue`: what each looks like before the server has it, and how it is sent. */

const hasRev = (object, answer) => Boolean(answer?.rev) && object.rev >= answer.rev;
const isGone = (error) => {
  if (error.code !== "not_found") throw error;
};
const now = () => new Date().toISOString();

export function edit(client, message, content) {
  return {
    key: `content/${message.id}`,
    kind: "edit",
    targetId: message.id,
    content,
    given: [content],
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
    given: [],
    apply: (held) => ({ ...held, content: "", reactions: [], attachments: [], deletedAt: held.deletedAt ?? deletedAt }),
    carryOut: () => client.deleteMessage(message.id).catch(isGone),
    isIn: (held) => held.deletedAt !== null,
  };
}

/** Add this user's emoji to the message, or remove it if `on` is false. */
export function reaction(client, message, emoji, on) {
  return {
    key: `reaction/${message.id}/${emoji}`,
    kind: "reaction",
    targetId: message.id,
    given: [emoji, on],
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
    given: [archived],
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
    given: [change],
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
    given: [seq],
    apply: (held) => ({ ...held, unreadCount: held.unreadCount || 1, own: { ...held.own, unreadFrom: seq } }),
    carryOut: () => client.markUnread(id, seq),
    isIn: () => true,
  };
}

/** `within`: as for `deletion`. `isUnread`: whether the server counts it. */
export function notificationDeletion(client, { id, readAt }, { within = 0, isUnread = readAt === null } = {}) {
  const deletedAt = now();
  return {
    key: `notification/${id}`,
    kind: "notification",
    targetId: id,
    within,
    isUnread,
    given: [{ isUnread }],
    apply: (held) => ({ ...held, deletedAt }),
    carryOut: () => client.deleteNotification({ id, isUnread }).catch(isGone),
  };
}

/** The user's side blocks the other one, or ends that. `parties`: `{customerId, businessId}`. */
export function blocking(client, { id }, blocked, parties) {
  const { customerId, businessId } = parties;
  const isCustomer = customerId === client.userId;
  const block = () => (isCustomer ? client.blockBusiness(businessId) : client.blockUser(customerId));
  const unblock = () => (isCustomer ? client.unblockBusiness(businessId) : client.unblockUser(customerId));
  return {
    key: `block/${id}`,
    kind: "block",
    targetId: id,
    given: [blocked, parties],
    apply: (held) => ({ ...held, blocked }),
    carryOut: blocked ? block : unblock,
    isIn: (held) => held.blocked === blocked,
  };
}

const MAKERS = {
  edit,
  delete: deletion,
  reaction,
  archive: archiving,
  pin: ownChange,
  mute: ownChange,
  unread: markingUnread,
  notification: notificationDeletion,
  block: blocking,
};

/** A change from what was stored of it, or null if this version has no such change. */
export function restore(client, { kind, targetId, given }) {
  if (!Object.hasOwn(MAKERS, kind)) return null;
  try {
    return MAKERS[kind](client, { id: targetId }, ...given);
  } catch {
    return null; // `given` is not what this version stores
  }
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
