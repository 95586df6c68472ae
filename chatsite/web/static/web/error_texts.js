/** Say in words for people what went wrong and what they can do. */
export function errorText(error) {
  const texts = {
    unauthenticated: gettext("You are signed out. Please sign in again."),
    forbidden: gettext("You can view this, but you cannot change it."),
    not_found: gettext("This no longer exists."),
    conflict: gettext("This is no longer open."),
    frozen: gettext("A moderator has closed this conversation to new messages."),
    rate_limited: gettext("That was too fast. Please wait a moment and try again."),
    unreachable: gettext("The server cannot be reached. Check your connection, and try again."),
    unavailable: gettext("The service is busy. Please try again in a moment."),
  };
  return texts[error.code] ?? gettext("That did not work. Please try again.");
}
