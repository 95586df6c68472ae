"""Background jobs of attachments."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from chatsite.background.jobs import enqueue, job
from chatsite.background.recurring import every
from chatsite.config.queues import HOUSEKEEPING_QUEUE, MEDIA_QUEUE
from conversations.attachments.models import Attachment
from conversations.attachments.processing import REJECTED, finish, process
from conversations.attachments.recounting import recount_all, recount_fuller_half
from conversations.attachments.release import release_files
from conversations.attachments.retention import delete_expired_files
from conversations.attachments.storage import delete_unreferenced
from conversations.attachments.sweeping import sweep_unused_uploads

STUCK_AFTER = timedelta(hours=2)
GIVE_UP_AFTER = timedelta(days=3)
UNCHECKED = "The file could not be checked."


@job(queue=MEDIA_QUEUE, attempts=10)
def process_attachment(attachment_id: str) -> None:
    """Check and convert an upload."""
    process(attachment_id)


@job(queue=HOUSEKEEPING_QUEUE)
def release_message_files(message_id: str) -> None:
    """Delete the files of a message that was deleted."""
    release_files(UUID(message_id))


@job(queue=HOUSEKEEPING_QUEUE)
def delete_files(file_ids: list[str]) -> None:
    """Delete files that nothing refers to any more."""
    delete_unreferenced([UUID(key) for key in file_ids])


@job(queue=HOUSEKEEPING_QUEUE, attempts=1)
def sweep_uploads() -> None:
    """Delete uploads that were never used, the files of gone messages, and files that nothing refers to."""
    sweep_unused_uploads()
    release_files()


@job(queue=HOUSEKEEPING_QUEUE, attempts=1)
def resume_processing() -> None:
    """Process uploads again whose job is gone, for example because the scanner was away for a long time."""
    now = timezone.now()
    stuck = Attachment.objects.filter(state=Attachment.State.PROCESSING, created_at__lt=now - STUCK_AFTER)
    for attachment in stuck.order_by("created_at").iterator(chunk_size=100):
        if attachment.file_id is None:  # erased, or deleted with its message
            continue
        if attachment.created_at < now - GIVE_UP_AFTER:
            finish(attachment.pk, attachment.file_id, {**REJECTED, "reason": UNCHECKED})
        else:
            enqueue(process_attachment, str(attachment.pk))


@job(queue=HOUSEKEEPING_QUEUE, attempts=1)
def delete_old_files() -> None:
    """Delete files that have passed their retention time."""
    delete_expired_files()


@job(queue=HOUSEKEEPING_QUEUE, attempts=1)
def recount_fullest() -> None:
    """Correct the numbers of businesses that come near their quota."""
    recount_fuller_half()


@job(queue=HOUSEKEEPING_QUEUE, attempts=1)
def recount_files() -> None:
    """Correct the numbers of every business."""
    recount_all()


every(timedelta(days=1), delete_old_files)
every(timedelta(days=1), recount_files)
every(timedelta(hours=1), recount_fullest)
every(timedelta(hours=1), sweep_uploads)
every(timedelta(hours=1), resume_processing)
