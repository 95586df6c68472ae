import { isFromOther } from "./rows.js";

/** The position of the divider of new messages: above the first one that arrived while the user did not look. */
export class UnreadLine {
  from = null; // a seq, or null without a divider

  /** On opening: above the first unread message. Continues upwards as older messages are loaded. */
  find(messages, side) {
    let index = this.from === null ? messages.length : messages.findIndex((message) => message.seq === this.from);
    for (index -= 1; index >= 0; index -= 1) {
      const message = messages[index];
      if (!isFromOther(message, side) || message.deletedAt) continue;
      if (message.status === "read") return;
      this.from = message.seq;
    }
  }

  arrived(message, isSeen) {
    if (!isSeen && this.from === null) this.from = message.seq;
  }

  clear() {
    this.from = null;
  }
}

/** The number of unread messages of the other side, among the newest loaded ones. */
export function countUnread(messages, side) {
  let count = 0;
  for (let index = messages.length - 1; index >= 0; index -= 1) {
    const message = messages[index];
    if (!isFromOther(message, side) || message.deletedAt) continue;
    if (message.status === "read") break;
    count += 1;
  }
  return count;
}
