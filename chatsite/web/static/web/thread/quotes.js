import { captionOf, filesText } from "./attachment_texts.js";
import { gettext } from "./texts.js";

const MOST = 400; // messages kept only for quotes

const KINDS = {
  image: () => gettext("Picture"),
  file: () => gettext("File"),
  voice: () => gettext("Voice message"),
};

/** A message on one line, for quotes and announcements. */
export function summary(message) {
  if (message.attachments?.length) {
    const [files, caption] = [filesText(message.attachments), captionOf(message)];
    return caption ? `${files}: ${oneLine(caption)}` : files;
  }
  const { content, messageType } = message;
  const short = oneLine(content);
  return KINDS[messageType] ? `${KINDS[messageType]()}: ${short}` : short;
}

function oneLine(content) {
  const text = content.replace(/\s+/g, " ").trim();
  return text.length > 160 ? `${[...text].slice(0, 160).join("")}…` : text;
}

/** The messages that replies quote. A message that is not loaded is fetched when its quote is shown. */
export class Quotes {
  #source;
  #rest;
  #changed;
  #fetched = new Map(); // id → message; null while it is being fetched; undefined if it does not exist

  constructor(source, rest, changed) {
    this.#source = source;
    this.#rest = rest;
    this.#changed = changed;
  }

  /** `{state: "loading" | "here" | "gone", message?}`. */
  of(messageId) {
    const message = this.#source.find(messageId) ?? this.#fetchOnce(messageId);
    if (message === null) return { state: "loading" };
    if (!message || message.deletedAt) return { state: "gone", message };
    return { state: "here", message };
  }

  /** The message was edited or deleted. */
  renew(message) {
    if (this.#fetched.has(message.id)) this.#fetched.set(message.id, message);
  }

  /** The message, fetched if necessary; throws if it does not exist. */
  async find(messageId) {
    const at = this.#source.find(messageId) ?? this.#fetched.get(messageId);
    return at ?? this.#rest.get(`/chat/messages/${messageId}`);
  }

  #fetchOnce(messageId) {
    if (this.#fetched.has(messageId)) return this.#fetched.get(messageId);
    if (this.#fetched.size >= MOST) this.#fetched.delete(this.#fetched.keys().next().value);
    this.#fetched.set(messageId, null);
    this.#rest.get(`/chat/messages/${messageId}`).then(
      (message) => this.#store(messageId, message),
      (error) => {
        if (error.code === "not_found") this.#store(messageId, undefined);
        else this.#fetched.delete(messageId); // the next redraw fetches it again
      },
    );
    return null;
  }

  #store(messageId, message) {
    this.#fetched.set(messageId, message);
    this.#changed();
  }
}
