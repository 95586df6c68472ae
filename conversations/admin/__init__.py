"""The pages of Django admin. They call the same operations as REST and the sockets; see `docs/moderation.md`."""

from conversations.admin import audit, businesses, conversations, reports, users  # noqa: F401  importing registers them
