"""Uploads that go straight to the storage, where it is S3 or speaks like it.

What a client writes there is never served: the client could write to the same address again after the check. So the
server reads it once, checks it like any other upload, and stores its own copy.

A form cannot be withdrawn. Until it expires the client can write to its place again, also after the upload is complete.
So each place is kept for `KEPT_FOR`, and a user can have only so many.
"""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.core.files.storage import Storage
from django.db import IntegrityError, transaction
from django.utils import timezone

from chatsite.background.jobs import enqueue
from chatsite.config.limits import limits
from chatsite.errors import DomainError, invalid, not_found
from conversations.access import UserId, object_key
from conversations.attachments.file_names import clean_name
from conversations.attachments.jobs import delete_files
from conversations.attachments.models import Attachment, DirectUpload
from conversations.attachments.operations import (
    Upload,
    check_kind,
    check_quota,
    check_size,
    clean_alt,
    lock_owner,
    store_upload,
)
from conversations.attachments.storage import attachment_storage, open_file, reserve_file, storage_errors

VALID_FOR: Final = timedelta(minutes=15)  # a form
KEPT_FOR: Final = timedelta(hours=1)  # a place with its bytes; less than `storage.GRACE`


def begin_upload(
    *, user_id: UserId, name: str, size: int, kind: str = "", alt: str = ""
) -> tuple[UUID, dict[str, Any], datetime]:
    """Reserve a place in the storage: the upload's id, the form to send to the storage, and when that ends.

    Raises `conflict` where the storage takes no uploads itself, and while the user has too many places there.
    """
    storage = attachment_storage()
    if not _takes_uploads(storage):
        raise DomainError(
            "conflict", "The storage does not support direct uploads. Send the file to POST /chat/uploads."
        )
    check_kind(kind)
    alt = clean_alt(alt)
    check_size(size)
    with transaction.atomic():
        lock_owner(user_id)
        check_quota(user_id, size)
        _check_places(user_id)
        stored = reserve_file()
        DirectUpload.objects.create(
            file=stored, owner_id=user_id, name=clean_name(name), alt=alt, size=size, is_recording=bool(kind)
        )
        enqueue(delete_files, [str(stored.pk)], delay=KEPT_FOR)
    with storage_errors():
        form = _presigned_form(storage, stored.key, size)
    return stored.pk, form, timezone.now() + VALID_FOR


def complete_upload(*, user_id: UserId, upload_id: str) -> Attachment:
    """Check what the client has written, and make it an attachment. Repeating it gives the same one.

    Raises `conflict` while nothing is there.
    """
    key = object_key(upload_id, "upload")
    begun = DirectUpload.objects.select_related("file").filter(pk=key, owner_id=user_id).first()
    if begun is None or Attachment.objects.filter(pk=key).exists():
        return _completed(user_id, key)
    with storage_errors():
        if not attachment_storage().exists(begun.file.key):
            raise DomainError("conflict", "The storage does not have the file yet.")
        written = attachment_storage().size(begun.file.key)
    if written != begun.size:
        raise invalid("The file in the storage does not have the announced size.", field="size")
    with tempfile.TemporaryFile(prefix="attachment-") as copy:
        with open_file(begun.file.key) as file:
            shutil.copyfileobj(file, copy)
        copy.seek(0)
        kind = "voice" if begun.is_recording else ""
        upload = Upload(copy, begun.name, begun.size, kind, begun.alt)
        try:
            return store_upload(user_id, upload, attachment_id=key)
        except IntegrityError:  # another request has completed it at the same time
            return _completed(user_id, key)


def _completed(user_id: UserId, key: UUID) -> Attachment:
    """Return the attachment to a client that missed the first answer."""
    attachment = Attachment.objects.filter(pk=key, owner_id=user_id).first()
    if attachment is None:
        raise not_found("upload")
    return attachment


def _check_places(user_id: UserId) -> None:
    """Raise `conflict`, after which clients send the file through the server, if the user has too many places."""
    limit = limits().direct_uploads
    if DirectUpload.objects.filter(owner_id=user_id).count() >= limit:
        raise DomainError(
            "conflict",
            f"You have {limit} direct uploads from the last hour. Send the file to POST /chat/uploads.",
            {"limit": limit},
        )


def _takes_uploads(storage: Storage) -> bool:
    return hasattr(storage, "bucket_name")


def _presigned_form(storage: Any, key: str, size: int) -> dict[str, Any]:
    """Return the form of a direct upload. The storage refuses a file of another size."""
    form: dict[str, Any] = storage.connection.meta.client.generate_presigned_post(
        storage.bucket_name,
        key,
        Conditions=[["content-length-range", size, size]],
        ExpiresIn=int(VALID_FOR.total_seconds()),
    )
    return form
