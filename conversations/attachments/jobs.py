"""Background jobs of attachments."""

from __future__ import annotations

from datetime import timedelta

from chatsite.background.jobs import job
from chatsite.background.recurring import every
from chatsite.config.queues import MEDIA_QUEUE
from conversations.attachments.processing import process
from conversations.attachments.sweeping import sweep_unused_uploads


@job(queue=MEDIA_QUEUE)
def process_attachment(attachment_id: str) -> None:
    """Check and convert an upload."""
    process(attachment_id)


@job(attempts=1)
def sweep_uploads() -> None:
    """Delete uploads that were never used, and files that nothing refers to."""
    sweep_unused_uploads()


every(timedelta(hours=1), sweep_uploads)
