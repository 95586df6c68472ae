"""The Django admin as one more client of the operations. What moderators may do here is `docs/moderation.md`."""

from conversations.admin import audit, businesses, conversations, reports, users  # noqa: F401  they register themselves
