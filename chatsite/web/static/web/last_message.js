import { captionOf, filesText } from "./thread/attachment_texts.js";
import { otherSide } from "./people.js";
import { previewText } from "./preview_text.js";

const STATUSES = {
  sending: () => gettext("Sending"),
  failed: () => gettext("Not sent"),
  sent: () => gettext("Sent"),
  delivered: () => gettext("Delivered"),
  read: () => gettext("Read"),
};

/**
 * The last message in a row: `{text, sender, status, statusText}`, as in `_row.html` and `last_message.py`. A message that
 * waits for the network takes precedence. `nameOf(userId)` returns a colleague's name, or nothing.
 */
export function lastMessage(conversation, { me, pending = [], nameOf = () => "" }) {
  const waiting = pending.at(-1);
  if (waiting) return describe(pendingText(waiting), gettext("You"), waiting.status);
  const text = previewText(conversation, me);
  const last = conversation.lastSender;
  const ours = otherSide(conversation, me).personId === null ? "customer" : "business";
  if (!last || last.side !== ours || conversation.lastReaction) return describe(text);
  const sender = last.userId === me.id ? gettext("You") : nameOf(last.userId) || gettext("Your team");
  return describe(text, sender, conversation.lastMessage || conversation.lastFiles ? last.status : "");
}

function describe(text, sender = "", status = "") {
  return { text, sender, status, statusText: STATUSES[status]?.() ?? "" };
}

function pendingText(message) {
  const caption = captionOf(message);
  const files = message.attachments.length ? filesText(message.attachments) : "";
  return files && caption ? `${files}: ${caption}` : files || caption;
}
