import { filesText } from "./thread/attachment_texts.js";

/** The preview of a conversation in a list: a reaction since the last message, its files, or its text. */
export function previewText(conversation, me) {
  const { lastMessage, lastSeq, lastFiles, lastReaction } = conversation;
  if (lastReaction) return reactionText(lastReaction, me);
  const isNamed = lastFiles?.kind === "file" && lastFiles.count === 1;
  if (lastFiles && !isNamed) return filesText(Array.from({ length: lastFiles.count }, () => lastFiles));
  return lastMessage || (lastSeq ? gettext("Message deleted") : gettext("No messages yet"));
}

function reactionText({ userId, emoji, excerpt }, me) {
  const text = userId === me.id ? gettext("You reacted %(emoji)s to “%(text)s”") : gettext("Reacted %(emoji)s to “%(text)s”");
  return interpolate(text, { emoji, text: excerpt }, true);
}
