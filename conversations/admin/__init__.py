"""The pages of Django admin. They call the same operations as REST and the sockets; see `docs/moderation.md`."""

from conversations.admin import (  # noqa: F401  importing registers them
    audit,
    businesses,
    canned,
    conversations,
    hours,
    reports,
    team_reports,
    users,
)
