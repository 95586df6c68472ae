"""Taking uploads, and giving them up."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from chatsite.background.jobs import enqueue
from chatsite.config.limits import limits
from chatsite.errors import DomainError, invalid, not_found
from conversations.access import UserId, object_key
from conversations.attachments.content_types import FileType, detect_type
from conversations.attachments.decoding import PROBE_SECONDS, UnreadableFile, decode
from conversations.attachments.file_names import clean_name
from conversations.attachments.jobs import delete_files, process_attachment
from conversations.attachments.models import Attachment, StoredFile
from conversations.attachments.release import files_of
from conversations.attachments.scanning import is_scanning
from conversations.attachments.storage import write_file
from conversations.membership import lock_person

KINDS: Final = ("", "voice")


@dataclass(frozen=True, slots=True)
class Picture:
    """What is known of a picture at once, so that a message can keep its place before it is shown."""

    width: int | None = None
    height: int | None = None
    placeholder: str = ""


def store_upload(*, user_id: UserId, file: IO[bytes], name: str, size: int, kind: str = "") -> Attachment:
    """Store a file that nobody sees yet but its owner."""
    if kind not in KINDS:
        raise invalid("kind is voice, or not given.", field="kind")
    _check_size(size)
    check_quota(user_id, size)
    file_type = detect_type(file, is_recording=kind == "voice")
    picture = Picture()
    if file_type.kind == "image":
        with local_path(file) as path:
            picture = probe_picture(path)
    stored = write_file(file, size)
    return add_attachment(user_id, stored, clean_name(name), file_type, picture)


def probe_picture(path: str) -> Picture:
    """Read the size of a picture. Raises `invalid` for one that cannot be used."""
    try:
        return Picture(**decode("image", "probe", path, seconds=PROBE_SECONDS))
    except UnreadableFile as error:
        raise invalid(str(error), field="file") from error


@contextmanager
def local_path(file: IO[bytes]) -> Iterator[str]:
    """Where the decoders find the file."""
    if hasattr(file, "temporary_file_path"):
        yield file.temporary_file_path()
        return
    with tempfile.NamedTemporaryFile(prefix="attachment-") as copy:
        shutil.copyfileobj(file, copy)
        copy.flush()
        file.seek(0)
        yield copy.name


def initial_state(kind: str) -> str:
    """A file that nothing has to be done with is ready at once."""
    has_work = kind != Attachment.Kind.FILE or is_scanning()
    return Attachment.State.PROCESSING if has_work else Attachment.State.READY


def _check_size(size: int) -> None:
    if size == 0:
        raise invalid("The file is empty.", field="file")
    if size > (limit := limits().attachment_bytes):
        raise DomainError(
            "too_large", f"A file has at most {limit} bytes.", {"field": "file", "limit": limit}
        )


def check_quota(user_id: UserId, size: int) -> None:
    """Raise `too_large` if the user's files would exceed what the site keeps of one user."""
    limit = limits().user_attachment_bytes
    used = Attachment.objects.filter(owner_id=user_id, file__isnull=False).aggregate(used=Sum("size"))["used"]
    if (used or 0) + size > limit:
        raise DomainError(
            "too_large", "Your files have used up their space. Delete some first.", {"limit": limit}
        )


def add_attachment(
    user_id: UserId, stored: StoredFile, name: str, file_type: FileType, picture: Picture
) -> Attachment:
    """The attachment of bytes that are in the storage. Two uploads at once count against the quota one by one."""
    attachment = Attachment(
        owner_id=user_id,
        kind=file_type.kind,
        name=name,
        size=stored.size,
        content_type=file_type.content_type,
        file=stored,
        width=picture.width,
        height=picture.height,
        placeholder=picture.placeholder,
        state=initial_state(file_type.kind),
    )
    with transaction.atomic():
        lock_person(user_id)
        check_quota(user_id, stored.size)
        attachment.save(force_insert=True)
        if attachment.state == Attachment.State.PROCESSING:
            enqueue(process_attachment, str(attachment.pk))
    return attachment


def discard_upload(*, user_id: UserId, upload_id: str | UUID) -> None:
    """Delete an upload that is in no message. `conflict` once it has been sent."""
    key = object_key(upload_id, "upload")
    with transaction.atomic():
        attachment = Attachment.objects.select_for_update().filter(pk=key, owner_id=user_id).first()
        if attachment is None:
            raise not_found("upload")
        if attachment.message_id is not None:
            raise DomainError("conflict", "The file has been sent. Delete its message instead.")
        files = files_of([attachment])
        attachment.delete()
        enqueue(delete_files, [str(key) for key in files])
