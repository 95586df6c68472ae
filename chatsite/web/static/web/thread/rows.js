import { dayKey } from "./dates.js";

const GROUP = 5 * 60_000; // the longest pause in milliseconds between two messages of one group

/** One key for a message from the moment it is written. Own messages keep it after the server has stored them. */
export function keyOf(message) {
  // A clientId is any text; encoded it can also be an element's id.
  const { clientId, senderId, id } = message;
  return clientId && senderId !== null ? `m-${senderId}-${encodeURIComponent(clientId)}` : `m-${id}`;
}

/** Whether `side` can mark the message as read: it is from the other side, and not from the system. */
export function isFromOther(message, side) {
  return message.senderSide !== null && message.senderSide !== "system" && message.senderSide !== side;
}

function isSystem(message) {
  return message.senderSide === "system" || message.messageType === "system";
}

function belongTogether(a, b) {
  if (!a || !b || isSystem(a) || isSystem(b)) return false;
  if (a.senderId !== b.senderId || (a.senderSide ?? b.senderSide) !== (b.senderSide ?? a.senderSide)) return false;
  const [before, after] = [new Date(a.createdAt), new Date(b.createdAt)];
  return after - before < GROUP && dayKey(before) === dayKey(after);
}

/**
 * The rows in order: `{key, kind: "day", date}`, `{kind: "unread"}`, `{kind: "system", message}`,
 * `{kind: "note", note}` and `{kind: "message", message, mine, ours, first, last}`, where `ours` is the reader's side and `first`, `last` are positions in a group.
 * `unreadFrom` is the `seq` of the message below the divider of new messages.
 */
export function rowsOf(messages, { side, me, unreadFrom }) {
  const rows = [];
  messages.forEach((message, index) => {
    const before = messages[index - 1];
    const date = new Date(message.createdAt);
    const newDay = !before || dayKey(new Date(before.createdAt)) !== dayKey(date);
    if (newDay) rows.push({ key: `day-${dayKey(date)}-${message.seq ?? (message.note ? message.id : "own")}`, kind: "day", date });
    if (message.kind === "note") return rows.push({ key: `note-${encodeURIComponent(message.id)}`, kind: "note", note: message.note });
    const isLine = (seq) => unreadFrom !== null && seq === unreadFrom;
    if (isLine(message.seq)) rows.push({ key: "unread", kind: "unread" });
    if (isSystem(message)) return rows.push({ key: keyOf(message), kind: "system", message });
    const after = messages[index + 1];
    return rows.push({
      key: keyOf(message),
      kind: "message",
      message,
      mine: message.senderId !== null && message.senderId === me,
      ours: message.senderSide === null || message.senderSide === side,
      first: !belongTogether(before, message) || isLine(message.seq),
      last: !belongTogether(message, after) || isLine(after?.seq),
    });
  });
  return rows;
}
