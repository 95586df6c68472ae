import { isFromOther } from "./rows.js";

/** Where the line of the new messages stands: above the first one that came while nobody looked. */
export class UnreadLine {
  from = null; // a seq, or null where there is no line

  /** At first: above what has not been read yet. Going on to what lies further up as it is loaded. */
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

/** How many messages of the other side have not been read, of the newest ones at hand. */
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
