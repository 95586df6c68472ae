"""Uploads that go straight to the storage, where it is S3 or speaks like it.

What a client writes there is never served: the client could write to the same address again after the check. So the
server reads it once, checks it like any other upload, and stores its own copy.
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
    store_upload,
)
from conversations.attachments.storage import attachment_storage, open_file, reserve_file, storage_errors

VALID_FOR: Final = timedelta(hours=1)  # less than `storage.GRACE`, after which the bytes are deleted


def begin_upload(
    *, user_id: UserId, name: str, size: int, kind: str = "", alt: str = ""
) -> tuple[UUID, dict[str, Any], datetime]:
    """Reserve a place in the storage: the upload's id, the form to send to the storage, and when that ends.

    Raises `conflict` where the storage takes no uploads itself.
    """
    storage = attachment_storage()
    if not _takes_uploads(storage):
        raise DomainError(
            "conflict", "The storage does not support direct uploads. Send the file to POST /chat/uploads."
        )
    check_kind(kind)
    alt = clean_alt(alt)
    check_size(size)
    check_quota(user_id, size)
    stored = reserve_file()
    DirectUpload.objects.create(
        file=stored, owner_id=user_id, name=clean_name(name), alt=alt, size=size, is_recording=bool(kind)
    )
    with storage_errors():
        form = _presigned_form(storage, stored.key, size)
    return stored.pk, form, timezone.now() + VALID_FOR


def complete_upload(*, user_id: UserId, upload_id: str) -> Attachment:
    """Check what the client has written, and make it an attachment. Repeating it gives the same one.

    Raises `conflict` while nothing is there.
    """
    key = object_key(upload_id, "upload")
    begun = DirectUpload.objects.select_related("file").filter(pk=key, owner_id=user_id).first()
    if begun is None:
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
            attachment = store_upload(user_id, upload, attachment_id=key)
        except IntegrityError:  # another request has completed it at the same time
            return _completed(user_id, key)
    with transaction.atomic():
        DirectUpload.objects.filter(pk=key).delete()
        enqueue(delete_files, [str(key)])
    return attachment


def _completed(user_id: UserId, key: UUID) -> Attachment:
    """Return the attachment to a client that missed the first answer."""
    attachment = Attachment.objects.filter(pk=key, owner_id=user_id).first()
    if attachment is None:
        raise not_found("upload")
    return attachment


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
