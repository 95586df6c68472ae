/** The server closes a socket that sends a frame over 64 KiB. */
export const MAX_FRAME_BYTES = 60_000;

/** Replace each lone surrogate, which UTF-8 cannot encode, by U+FFFD. */
export function wellFormed(text) {
  return text.replace(/\p{Surrogate}/gu, "\uFFFD");
}

/** JSON that every server can decode: all its texts are well formed. */
export function encodeJson(value) {
  return JSON.stringify(value, (_, each) => (typeof each === "string" ? wellFormed(each) : each));
}

export function byteLength(text) {
  return new TextEncoder().encode(text).length;
}
