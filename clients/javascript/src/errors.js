/** A refusal: one of the server's codes, or `disconnected`, `timeout`, `unreachable`, `outbox_full`, `file_lost`, `aborted` of our own. */
export class ChatError extends Error {
  constructor(code, message, details = {}, status = undefined) {
    super(message);
    this.name = "ChatError";
    this.code = code;
    this.details = details;
    this.status = status;
  }

  static from(shape, status = undefined) {
    return new ChatError(shape.code, shape.message, shape.details, status);
  }

  /** Milliseconds that the server asks to wait; `fallback` where it does not say. */
  retryAfter(fallback = 1000) {
    const seconds = Number(this.details?.retryAfter);
    return seconds > 0 ? Math.ceil(seconds * 1000) : fallback;
  }
}

/** Nothing will change by asking again. */
const PERMANENT = new Set([
  "invalid",
  "unknown_event",
  "forbidden",
  "not_found",
  "conflict",
  "too_large",
  "frozen",
  "method_not_allowed",
  "not_acceptable",
  "unsupported_media_type",
]);

export function isPermanent(error) {
  return error instanceof ChatError && PERMANENT.has(error.code);
}

/** There are no credentials any more, and asking again will not bring them. */
export class SignedOut extends ChatError {
  constructor(message = "Signed out.") {
    super("unauthenticated", message, {}, 401);
  }
}
