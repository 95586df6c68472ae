"""The storage of the files, `STORAGES["attachments"]`, used through Django's storage API."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import IO, Any, Final
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from uuid_utils.compat import uuid7

from chatsite.config.attachments import file_system
from chatsite.errors import DomainError
from conversations.attachments.models import Attachment, StoredFile

logger = logging.getLogger(__name__)

ALIAS: Final = "attachments"
# A file is written within this time, and an attachment then refers to it.
GRACE: Final = timedelta(hours=2)
GROUP: Final = 200  # files of one transaction


def attachment_storage() -> Storage:
    """Return the storage of STORAGES, or else a folder that no web server publishes."""
    if ALIAS in settings.STORAGES:
        return storages[ALIAS]
    return FileSystemStorage(**file_system(settings.ATTACHMENTS_ROOT)["OPTIONS"])


def reserve_file() -> StoredFile:
    """Create a name for a file. It is committed before the bytes are written, so that no file is without a row."""
    key = uuid7()
    return StoredFile.objects.create(id=key, key=f"{str(key)[-2:]}/{key}")


def write_file(content: IO[bytes], size: int) -> StoredFile:
    """Store the bytes. Raise `unavailable` if the storage does not answer."""
    stored = reserve_file()
    with storage_errors():
        name = attachment_storage().save(stored.key, File(content, name=stored.key))
    # A storage that was asked twice for one name chooses another.
    StoredFile.objects.filter(pk=stored.pk).update(key=name, size=size)
    stored.key, stored.size = name, size
    return stored


@contextmanager
def open_file(key: str) -> Iterator[IO[bytes]]:
    with storage_errors(), attachment_storage().open(key) as file:
        yield file


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn the exceptions of any storage into `unavailable`."""
    try:
        yield
    except (DomainError, GeneratorExit):
        raise
    except Exception as error:
        logger.error("the storage of attachments failed", exc_info=error)
        raise DomainError(
            "unavailable", "The storage of files cannot be reached. Please retry.", {"retryAfter": 5}
        ) from error


def delete_unreferenced(ids: list[UUID] | None = None) -> int:
    """Delete the files that no attachment refers to: these, or all that are older than the time to write one.

    The bytes go first, so a run that was cut off is finished by the next one.
    """
    rows = StoredFile.objects.filter(~_is_referenced("file"), ~_is_referenced("thumbnail"))
    rows = rows.filter(created_at__lt=timezone.now() - GRACE) if ids is None else rows.filter(pk__in=ids)
    deleted = 0
    while found := _delete_group(rows):
        deleted += found
    return deleted


@transaction.atomic
def _delete_group(rows: Any) -> int:
    group = list(rows.select_for_update(skip_locked=True)[:GROUP])
    for stored in group:
        with storage_errors():
            attachment_storage().delete(stored.key)
    StoredFile.objects.filter(pk__in=[stored.pk for stored in group]).delete()
    return len(group)


def _is_referenced(column: str) -> Exists:
    return Exists(Attachment.objects.filter(**{column: OuterRef("pk")}))
