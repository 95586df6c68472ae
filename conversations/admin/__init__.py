"""The pages of Django admin. They call the same operations as every other client; see `docs/moderation.md`."""

from conversations.admin import audit, businesses, conversations, reports, users  # noqa: F401  they register themselves
