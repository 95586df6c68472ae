"""Process an upload before others may fetch it: scan it, and encode it again.

The steps may be cut off anywhere. New bytes are stored first; then one transaction shows them. Until then the
attachment is `processing`, and the job runs again.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from chatsite.background.jobs import RetryLater
from conversations import events
from conversations.attachment_objects import attachments_as_json, stored_attachment
from conversations.attachments.conversion import convert
from conversations.attachments.decoding import UnreadableFile
from conversations.attachments.models import Attachment, StoredFile
from conversations.attachments.scanning import find_malware
from conversations.attachments.scratch import named_file
from conversations.attachments.storage import delete_unreferenced, open_file
from conversations.models import ChatMessage
from conversations.writing.message_change import change_message

logger = logging.getLogger(__name__)

State = Attachment.State
Columns = dict[str, Any]  # of an attachment

MALWARE: Final = "The file was rejected: it may contain malware."
REJECTED: Final[Columns] = {"state": State.REJECTED, "file": None, "thumbnail": None, "placeholder": ""}


def process(attachment_id: str) -> None:
    """Process the upload, unless it has been processed already."""
    attachment = Attachment.objects.select_related("file").filter(pk=attachment_id).first()
    if attachment is None or attachment.state != State.PROCESSING or attachment.file is None:
        return
    original = attachment.file
    outcome = _outcome(attachment, original)
    finish(attachment.pk, original.pk, outcome)
    # The new files are unreferenced if the attachment has lost its file meanwhile.
    new = [outcome.get(column) for column in ("file", "thumbnail")]
    delete_unreferenced([original.pk, *(stored.pk for stored in new if stored is not None)])


def _outcome(attachment: Attachment, original: StoredFile) -> Columns:
    with _local_copy(original) as source:
        malware = find_malware(source)
        if malware is not None:
            logger.warning("attachment %s was rejected: the scanner found %s", attachment.pk, malware)
            return {**REJECTED, "reason": MALWARE}
        try:
            return {**convert(attachment, source), "state": State.READY}
        except UnreadableFile as error:
            return {**REJECTED, "reason": str(error)}


@contextmanager
def _local_copy(stored: StoredFile) -> Iterator[Path]:
    with named_file() as copy:
        with open_file(stored.key) as file:
            shutil.copyfileobj(file, copy)
        copy.flush()
        yield Path(copy.name)


# --- The end ----------------------------------------------------------------------------------------------------------


def finish(attachment_id: UUID, original_id: UUID, outcome: Columns) -> None:
    """Write the outcome for this original, and tell the conversation if the file has been sent already.

    Do nothing if an erasure or a retention time has taken the original away meanwhile: the outcome has the name.

    The lock of the conversation comes before that of the attachment, as when a message is sent. So who is sending the
    file at this moment decides which of the two ways it is.
    """
    message_id = Attachment.objects.filter(pk=attachment_id).values_list("message_id", flat=True).first()
    if message_id is not None:
        _finish_in_message(attachment_id, original_id, message_id, outcome)
        return
    with transaction.atomic():
        attachment = Attachment.objects.select_for_update().filter(pk=attachment_id).first()
        if attachment is None or not _is_unfinished(attachment, original_id):
            return
        if attachment.message_id is not None:
            raise RetryLater("the file has just been sent", seconds=0)
        _save(attachment, outcome)


def _finish_in_message(attachment_id: UUID, original_id: UUID, message_id: UUID, outcome: Columns) -> None:
    with change_message(message_id) as changing:
        attachment = Attachment.objects.select_for_update().get(pk=attachment_id)
        if not _is_unfinished(attachment, original_id):
            return
        _save(attachment, outcome)
        message = changing.message
        message.attachments = stored_attachments(message)
        is_gone = message.deleted_at or message.hidden_at
        changing.publish(
            events.message_deleted if is_gone else partial(events.attachment_updated, attachment_id)
        )


def _is_unfinished(attachment: Attachment, original_id: UUID) -> bool:
    """Return False if the job has run twice, or if the file has been taken from the attachment."""
    return attachment.state == State.PROCESSING and attachment.file_id == original_id


def _save(attachment: Attachment, outcome: Columns) -> None:
    for name, value in outcome.items():
        setattr(attachment, name, value)
    attachment.save(update_fields=list(outcome))


def stored_attachments(message: ChatMessage) -> str:
    """Return the value of `ChatMessage.attachments`."""
    rows = Attachment.objects.filter(message=message).order_by("position")
    return attachments_as_json([stored_attachment(row) for row in rows])
