/** What `send` gets, as `{text, attachments, replyTo, messageType}`. */
export function written(content, options) {
  if (content?.attachments) return { text: "", ...content };
  if (typeof content?.text === "string") return content;
  return { ...(typeof options === "string" ? { messageType: options } : options), text: content };
}

/** The type that the server will give the message, if the client can tell. */
export function messageTypeOf([first]) {
  if (!first) return "text";
  return first.kind === "image" || first.kind === "voice" ? first.kind : "file";
}
