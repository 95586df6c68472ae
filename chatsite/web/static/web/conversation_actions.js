import { toast } from "./toast.js";

const HOUR = 3_600_000;
const FOR_EVER = "9999-01-01T00:00:00Z";

export function isMuted({ own }) {
  return Date.parse(own?.mutedUntil ?? "") > Date.now();
}

export function isPinned({ own }) {
  return own?.pinned ?? false;
}

export function pin({ id, own }, { client }) {
  const pinned = own?.pinned ?? false;
  const label = pinned ? gettext("Unpin") : gettext("Pin to the top");
  return { label, icon: "pin", act: () => client.pinConversation(id, !pinned) };
}

/** One entry if the conversation is muted. Otherwise one entry for each duration. */
export function mute(conversation, { client }) {
  const { id } = conversation;
  if (isMuted(conversation)) return { label: gettext("Unmute"), icon: "mute", act: () => client.muteConversation(id, null) };
  const entry = (label, until) => ({
    label,
    icon: "mute",
    act: async () => {
      await client.muteConversation(id, until());
      toast(gettext("Muted. It makes no sound and does not count as unread."));
    },
  });
  return [
    entry(gettext("Mute for 8 hours"), () => new Date(Date.now() + 8 * HOUR)),
    entry(gettext("Mute until I change it"), () => FOR_EVER),
  ];
}

/** The last message of either side, because the server counts the unread messages. */
export function markUnread({ id, unreadCount, lastSeq, own }, { client }) {
  if (unreadCount || own?.unreadFrom || !lastSeq) return null;
  return { label: gettext("Mark as unread"), icon: "dot", act: () => client.markUnread(id, lastSeq) };
}

export function block(conversation, { client, me }) {
  const { customerId, businessId, blocked } = conversation;
  const isCustomer = customerId === me.id;
  const act = async () => {
    if (blocked) await (isCustomer ? client.unblockBusiness(businessId) : client.unblockUser(customerId));
    else await (isCustomer ? client.blockBusiness(businessId) : client.blockUser(customerId));
    toast(blocked ? gettext("Unblocked.") : gettext("Blocked. They cannot write to you and are not notified."));
  };
  return { label: blocked ? gettext("Unblock") : gettext("Block"), icon: "block", act, danger: !blocked };
}
