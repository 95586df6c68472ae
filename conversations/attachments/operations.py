"""Store and delete uploads."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Final
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet, Sum
from django.utils import timezone
from uuid_utils.compat import uuid7

from chatsite.background.jobs import enqueue
from chatsite.config.limits import limits
from chatsite.errors import DomainError, invalid, not_found
from conversations.access import UserId, object_key
from conversations.attachments.content_types import detect_type
from conversations.attachments.decoding import PROBE_SECONDS, UnreadableFile, decode, decode_in_request
from conversations.attachments.file_names import clean_name
from conversations.attachments.jobs import delete_files, process_attachment
from conversations.attachments.models import Attachment, DirectUpload
from conversations.attachments.release import files_of
from conversations.attachments.scanning import is_scanning
from conversations.attachments.scratch import named_file
from conversations.attachments.storage import write_file
from conversations.membership import lock_person
from conversations.validation import clean_text

KINDS: Final = ("", "voice")


@dataclass(frozen=True, slots=True)
class Picture:
    """The size and placeholder of a picture, so that pages can reserve its place before it is processed."""

    width: int | None = None
    height: int | None = None
    placeholder: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """An uploaded file. `kind` is `voice` for a recording, or empty. `alt` describes a picture."""

    file: IO[bytes]
    name: str
    size: int
    kind: str = ""
    alt: str = ""


def store_upload(user_id: UserId, upload: Upload, *, attachment_id: UUID | None = None) -> Attachment:
    """Store a file that only its owner can see until it is sent."""
    check_kind(upload.kind)
    check_size(upload.size)
    check_quota(user_id, upload.size, completing=attachment_id)
    attachment = _stored(user_id, upload, _probe_in_request)
    if attachment_id is not None:
        attachment.pk = attachment_id
    _add(attachment)
    return attachment


def store_imported(owner_id: UserId | None, upload: Upload) -> Attachment:
    """Store a file of an old message. Quotas are for people who upload, so they do not stop it."""
    check_size(upload.size)
    attachment = _stored(owner_id, upload, _probe_patiently)
    with transaction.atomic():
        _insert(attachment)
    return attachment


def copy_uploads(owner_id: UserId, originals: Sequence[Attachment]) -> list[Attachment]:
    """Give the user uploads with the same bytes. The caller has locked the originals, so that none is deleted."""
    copies = [_copied(owner_id, original) for original in originals]
    with transaction.atomic():
        lock_owner(owner_id)
        check_quota(owner_id, sum(copy.size for copy in copies), files=len(copies))
        for copy in copies:
            _insert(copy)
    return copies


def _copied(owner_id: UserId, original: Attachment) -> Attachment:
    columns = {field.attname: getattr(original, field.attname) for field in Attachment._meta.concrete_fields}
    unused = {"message_id": None, "canned_answer_id": None, "business_id": None, "position": 0}
    own = {"id": uuid7(), "owner_id": owner_id, "created_at": timezone.now()}
    return Attachment(**{**columns, **unused, **own})


def _stored(owner_id: UserId | None, upload: Upload, probe: Callable[[str], dict[str, Any]]) -> Attachment:
    """Store the bytes, and return the row to be inserted."""
    alt = clean_alt(upload.alt)
    file_type = detect_type(upload.file, is_recording=upload.kind == "voice")
    picture = Picture()
    if file_type.kind == "image":
        with local_path(upload.file) as path:
            picture = _picture(path, probe)
    stored = write_file(upload.file, upload.size)
    return Attachment(
        owner_id=owner_id,
        kind=file_type.kind,
        name=clean_name(upload.name),
        alt=alt,
        size=stored.size,
        content_type=file_type.content_type,
        file=stored,
        width=picture.width,
        height=picture.height,
        placeholder=picture.placeholder,
        state=initial_state(file_type.kind),
    )


def _probe_in_request(path: str) -> dict[str, Any]:
    return decode_in_request("image", "probe", path)


def _probe_patiently(path: str) -> dict[str, Any]:
    return decode("image", "probe", path, seconds=PROBE_SECONDS)


def _picture(path: str, probe: Callable[[str], dict[str, Any]]) -> Picture:
    """Read the size of a picture. Raise `invalid` if it cannot be used."""
    try:
        return Picture(**probe(path))
    except UnreadableFile as error:
        raise invalid(str(error), field="file") from error


@contextmanager
def local_path(file: IO[bytes]) -> Iterator[str]:
    """Return the path at which the decoders find the file."""
    if hasattr(file, "temporary_file_path"):
        yield file.temporary_file_path()
        return
    with named_file() as copy:
        shutil.copyfileobj(file, copy)
        copy.flush()
        file.seek(0)
        yield copy.name


def initial_state(kind: str) -> str:
    """Return `ready` for a file that needs neither a scan nor a conversion."""
    has_work = kind != Attachment.Kind.FILE or is_scanning()
    return Attachment.State.PROCESSING if has_work else Attachment.State.READY


def check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise invalid("kind must be voice or absent.", field="kind")


def clean_alt(alt: str) -> str:
    """Return the description. Raise `too_large` or `invalid` if it cannot be stored."""
    return clean_text(alt.strip(), field="alt", limit=limits().alt_length)


def check_size(size: int) -> None:
    if size == 0:
        raise invalid("The file is empty.", field="file")
    if size > (limit := limits().attachment_bytes):
        raise DomainError(
            "too_large", f"A file can have at most {limit} bytes.", {"field": "file", "limit": limit}
        )


def lock_owner(user_id: UserId) -> None:
    """Lock the owner, so that concurrent uploads are counted one after the other.

    Raise `unauthenticated` if the account has been closed meanwhile: an erasure must not miss an upload in progress.
    """
    lock_person(user_id)
    if not get_user_model()._default_manager.filter(pk=user_id, is_active=True).exists():
        raise DomainError("unauthenticated", "The account is not active.")


def check_quota(user_id: UserId, size: int, *, files: int = 1, completing: UUID | None = None) -> None:
    """Raise `too_large` if the user's files would exceed a quota of a user.

    Direct uploads in progress count, except the one that is `completing`.
    """
    most, limit = limits().user_attachments, limits().user_attachment_bytes
    stored = Attachment.objects.filter(owner_id=user_id, file__isnull=False)
    stored_files, stored_bytes = _count(stored[:most])  # so that the time it takes has a bound, too
    if stored_files + files > most:
        raise DomainError("too_large", "You have too many files. Delete some first.", {"limit": most})
    is_complete = Exists(Attachment.objects.filter(pk=OuterRef("pk")))
    begun = DirectUpload.objects.filter(~is_complete, owner_id=user_id).exclude(pk=completing)
    if stored_bytes + _count(begun)[1] + size > limit:
        raise DomainError(
            "too_large", "You have no space left for files. Delete some first.", {"limit": limit}
        )


def _count(rows: QuerySet[Any]) -> tuple[int, int]:
    """Return the number of files, and of their bytes."""
    found = rows.values("size").aggregate(files=Count("*"), bytes=Sum("size"))
    return found["files"], found["bytes"] or 0


def _add(attachment: Attachment) -> None:
    with transaction.atomic():
        lock_owner(attachment.owner_id)
        check_quota(attachment.owner_id, attachment.size, completing=attachment.pk)
        _insert(attachment)


def _insert(attachment: Attachment) -> None:
    attachment.save(force_insert=True)
    if attachment.state == Attachment.State.PROCESSING:
        enqueue(process_attachment, str(attachment.pk))


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
