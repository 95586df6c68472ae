/** A refusal: one of the server's codes, or `disconnected`, `timeout`, `unreachable`, `outbox_full`, `file_lost`, or `aborted` of this client. */
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

  /** The milliseconds that the server asks to wait, or `fallback`. */
  retryAfter(fallback = 1000) {
    const seconds = Number(this.details?.retryAfter);
    return seconds > 0 ? Math.ceil(seconds * 1000) : fallback;
  }
}

/** A final refusal: a retry would not change it. */
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

/** These say nothing about the request: there is no server, no session or no capacity at the moment. */
const PASSING = new Set(["disconnected", "unreachable", "unavailable", "rate_limited", "unauthenticated", "timeout"]);

/** Whether the attempt does not count, because a later one may succeed. */
export function isPassing(error) {
  return PASSING.has(error.code);
}

/** There are no valid credentials, and a retry would not help. */
export class SignedOut extends ChatError {
  constructor(message = "Signed out.") {
    super("unauthenticated", message, {}, 401);
  }
}
