"""Let only one process at a time import an old table.

PostgreSQL holds an advisory lock for the session and frees it when the process ends. On other databases, and behind a
pooler that gives each transaction another session, a row is the lock. Its holder renews a heartbeat, and another
process takes the lock over if the holder is dead on this host or has been silent for ten minutes. On all databases a
batch commits only if the row still names its process.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from chatsite.database.pooler import pools_transactions
from chatsite.legacy_import.errors import AlreadyRunning, LockLost
from chatsite.legacy_import.models import LegacyImport

_ADVISORY_CLASS: Final = 0x1E6AC7  # any number that nothing else in the database uses
_SILENCE: Final = timedelta(minutes=10)
_RENEWAL: Final = timedelta(seconds=5)


class ImportLock:
    """The import record of one old table, locked by this process."""

    def __init__(self, record: LegacyImport, holder: str) -> None:
        self.record = record
        self._holder = holder
        self._renewed = timezone.now()

    def update(self, **changes: Any) -> None:
        """Write to the record as part of the current transaction. Raises `LockLost` if it is held by another."""
        now = timezone.now()
        mine = LegacyImport.objects.filter(pk=self.record.pk, holder=self._holder)
        if mine.update(heartbeat_at=now, **changes) != 1:
            raise LockLost("Another process took over this import. The current batch was rolled back.")
        self._renewed = now

    def add_counts(self, messages: int, notifications: int, **changes: Any) -> None:
        """Add the numbers of moved rows. An undo passes negative numbers."""
        counts = {"messages": F("messages") + messages, "notifications": F("notifications") + notifications}
        self.update(**counts, **changes)

    def renew(self) -> None:
        """Renew the heartbeat while nothing is written."""
        if timezone.now() - self._renewed > _RENEWAL:
            self.update()


@contextmanager
def acquire_lock(source: str) -> Iterator[ImportLock]:
    """Hold the lock of this old table for the block. Raises `AlreadyRunning`."""
    record, _ = LegacyImport.objects.get_or_create(source=source)
    with _advisory_lock(record) as locked:
        holder = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex}"
        with transaction.atomic():
            current = LegacyImport.objects.select_for_update().get(pk=record.pk)
            if not locked and current.holder and not _is_gone(current.holder, current.heartbeat_at):
                raise AlreadyRunning(f"{source} is being imported by {current.holder.rpartition(':')[0]}.")
            LegacyImport.objects.filter(pk=record.pk).update(holder=holder, heartbeat_at=timezone.now())
        try:
            yield ImportLock(record, holder)
        finally:
            LegacyImport.objects.filter(pk=record.pk, holder=holder).update(holder="")


@contextmanager
def _advisory_lock(record: LegacyImport) -> Iterator[bool]:
    """Take the advisory lock. Yields False where there is none, or where it would be another session's."""
    if connection.vendor != "postgresql" or pools_transactions():
        yield False
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_ADVISORY_CLASS, record.pk])
        if not cursor.fetchone()[0]:
            raise AlreadyRunning(f"{record.source} is being imported by another process.")
    try:
        yield True
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_ADVISORY_CLASS, record.pk])


def _is_gone(holder: str, heartbeat_at: datetime | None) -> bool:
    host, pid, _ = holder.rsplit(":", 2)
    if heartbeat_at is None or timezone.now() - heartbeat_at > _SILENCE:
        return True
    if host != socket.gethostname() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
