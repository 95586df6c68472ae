"""What happens to an upload before others may fetch it: it is checked, and a picture is written anew.

The steps may be cut off anywhere. New bytes are stored first; then one transaction shows them. Until then the
attachment is `processing`, and the job runs again.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from chatsite.background.jobs import RetryLater
from conversations import events
from conversations.attachment_objects import attachments_as_json, stored_attachment
from conversations.attachments.decoding import CONVERT_SECONDS, UnreadableFile, decode
from conversations.attachments.file_names import with_suffix
from conversations.attachments.models import Attachment, StoredFile
from conversations.attachments.storage import delete_unreferenced, open_file, write_file
from conversations.models import ChatMessage
from conversations.writing.message_change import change_message

State = Attachment.State

_TYPES: Final = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".gif": "image/gif",
    ".webp": "image/webp",
}


@dataclass
class Processed:
    """The end of processing: values of the attachment's columns."""

    values: dict[str, Any] = field(default_factory=dict)


def process(attachment_id: str) -> None:
    """Process the upload, unless that has been done."""
    attachment = Attachment.objects.select_related("file").filter(pk=attachment_id).first()
    if attachment is None or attachment.state != State.PROCESSING or attachment.file is None:
        return
    try:
        outcome = _convert(attachment, attachment.file)
    except UnreadableFile as error:
        outcome = Processed({"state": State.REJECTED, "reason": str(error), "file": None, "placeholder": ""})
    _finish(attachment.pk, outcome)
    delete_unreferenced([attachment.file.pk])


def _convert(attachment: Attachment, original: StoredFile) -> Processed:
    if attachment.kind != Attachment.Kind.IMAGE:
        return Processed({"state": State.READY})
    with _local_copy(original) as source, tempfile.TemporaryDirectory(prefix="attachment-") as folder:
        answer = decode("image", "convert", str(source), folder, seconds=CONVERT_SECONDS)
        picture = Path(folder, answer["file"])
        written = _store(picture)
        return Processed(
            {
                "state": State.READY,
                "file": written,
                "size": written.size,
                "thumbnail": _store(Path(folder, answer["thumbnail"])),
                "width": answer["width"],
                "height": answer["height"],
                "content_type": _TYPES[picture.suffix],
                "name": _renamed(attachment, picture.suffix),
            }
        )


def _renamed(attachment: Attachment, suffix: str) -> str:
    if attachment.content_type == _TYPES[suffix]:
        return attachment.name
    return with_suffix(attachment.name, suffix)


def _store(path: Path) -> StoredFile:
    with path.open("rb") as file:
        return write_file(file, path.stat().st_size)


@contextmanager
def _local_copy(stored: StoredFile) -> Iterator[Path]:
    with tempfile.NamedTemporaryFile(prefix="attachment-") as copy:
        with open_file(stored.key) as file:
            shutil.copyfileobj(file, copy)
        copy.flush()
        yield Path(copy.name)


# --- The end ----------------------------------------------------------------------------------------------------------


def _finish(attachment_id: UUID, outcome: Processed) -> None:
    """Write the outcome, and tell the conversation if the file has been sent already.

    The lock of the conversation comes before that of the attachment, as when a message is sent. So who is sending the
    file at this moment decides which of the two ways it is.
    """
    message_id = Attachment.objects.filter(pk=attachment_id).values_list("message_id", flat=True).first()
    if message_id is not None:
        _finish_in_message(attachment_id, message_id, outcome)
        return
    with transaction.atomic():
        attachment = Attachment.objects.select_for_update().filter(pk=attachment_id).first()
        if attachment is None:
            return
        if attachment.message_id is not None:
            raise RetryLater("the file has just been sent", seconds=0)
        _save(attachment, outcome)


def _finish_in_message(attachment_id: UUID, message_id: UUID, outcome: Processed) -> None:
    with change_message(message_id) as changing:
        attachment = Attachment.objects.select_for_update().get(pk=attachment_id)
        if attachment.state != State.PROCESSING:  # the job has run twice
            return
        _save(attachment, outcome)
        message = changing.message
        message.attachments = stored_attachments(message)
        is_gone = message.deleted_at or message.hidden_at
        changing.publish(
            events.message_deleted if is_gone else partial(events.attachment_updated, attachment_id)
        )


def _save(attachment: Attachment, outcome: Processed) -> None:
    for name, value in outcome.values.items():
        setattr(attachment, name, value)
    attachment.save(update_fields=list(outcome.values))


def stored_attachments(message: ChatMessage) -> str:
    """What `ChatMessage.attachments` keeps."""
    rows = Attachment.objects.filter(message=message).order_by("position")
    return attachments_as_json([stored_attachment(row) for row in rows])
