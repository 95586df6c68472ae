"""Background jobs of moderation."""

from __future__ import annotations

from datetime import timedelta

from chatsite.background.jobs import job
from chatsite.background.recurring import every
from conversations.moderation.retention import delete_expired_messages


@job(attempts=1)
def delete_old_messages() -> None:
    """Delete messages that are older than they are kept."""
    delete_expired_messages()


every(timedelta(days=1), delete_old_messages)
