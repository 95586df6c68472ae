import { toast } from "./toast.js";

const HOUR = 3_600_000;
const FOR_EVER = "9999-01-01T00:00:00Z";

export function isMuted({ own }) {
  return Date.parse(own?.mutedUntil ?? "") > Date.now();
}

export function isPinned({ own }) {
  return own?.pinned ?? false;
}

export function pin(conversation, { client }) {
  const pinned = isPinned(conversation);
  const label = pinned ? gettext("Unpin") : gettext("Pin to the top");
  return { label, icon: "pin", act: () => client.queueOwn(conversation, { pinned: !pinned }) };
}

/** One entry if the conversation is muted. Otherwise one entry for each duration. */
export function mute(conversation, { client }) {
  const set = (mutedUntil) => client.queueOwn(conversation, { mutedUntil });
  if (isMuted(conversation)) return { label: gettext("Unmute"), icon: "mute", act: () => set(null) };
  const entry = (label, until) => ({
    label,
    icon: "mute",
    act: () => {
      set(until());
      toast(gettext("Muted. It makes no sound and does not count as unread."));
    },
  });
  return [
    entry(gettext("Mute for 8 hours"), () => new Date(Date.now() + 8 * HOUR).toISOString()),
    entry(gettext("Mute until I change it"), () => FOR_EVER),
  ];
}

/** The last message of either side, because the server counts the unread messages. */
export function markUnread(conversation, { client }) {
  const { unreadCount, lastSeq, own } = conversation;
  if (unreadCount || own?.unreadFrom || !lastSeq) return null;
  return { label: gettext("Mark as unread"), icon: "dot", act: () => client.queueUnread(conversation, lastSeq) };
}

export function block(conversation, { client }) {
  const { blocked } = conversation;
  const act = () => {
    client.queueBlock(conversation, !blocked);
    const words = blocked ? gettext("Unblocked.") : gettext("Blocked. They cannot write to you and are not notified.");
    toast(client.isConnected || blocked ? words : gettext("They will be blocked as soon as you are connected."));
  };
  return { label: blocked ? gettext("Unblock") : gettext("Block"), icon: "block", act, danger: !blocked };
}
