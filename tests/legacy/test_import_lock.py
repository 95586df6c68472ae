"""Only one import of a table runs at a time, and an import that has lost its claim stops."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.db.models import Model
from django.utils import timezone

from chatsite.database.bulk_insert import bulk_insert
from chatsite.legacy_import import batch_writer, import_lock
from chatsite.legacy_import.errors import AlreadyRunning
from chatsite.legacy_import.import_lock import ImportLock, acquire_lock
from chatsite.legacy_import.models import LegacyImport, LegacyRow
from chatsite.legacy_import.plan import Planned
from conversations.models import ChatMessage
from tests.legacy.conftest import Run
from tests.legacy.generator import World, old_rows
from tests.legacy.oldtable import OldTable
from tests.legacy.state import check_state

SOURCE = "default:messages"


def held_by(pid: int, silent_for: timedelta = timedelta(), host: str = "") -> None:
    """Store the record of a running or killed process."""
    holder = f"{host or socket.gethostname()}:{pid}:token"
    LegacyImport.objects.update_or_create(
        source=SOURCE, defaults={"holder": holder, "heartbeat_at": timezone.now() - silent_for}
    )


def dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_second_run_refuses(old: OldTable, run: Run) -> None:
    with acquire_lock(SOURCE):
        if connection.vendor == "postgresql":
            # The lock belongs to the session: the same session may take it again, another one may not.
            other = connection.copy()
            with other.cursor() as cursor:
                record = LegacyImport.objects.get(source=SOURCE)
                cursor.execute(
                    "SELECT pg_try_advisory_lock(%s, %s)", [import_lock._ADVISORY_CLASS, record.pk]
                )
                assert cursor.fetchone()[0] is False
            other.close()
        else:
            with pytest.raises(CommandError, match="is being imported by"):
                run()
    run()


def test_other_tables_can_be_imported_meanwhile(old: OldTable, run: Run) -> None:
    with acquire_lock("another table"):
        run()


def test_a_killed_holder_is_replaced_at_once(old: OldTable, run: Run) -> None:
    held_by(dead_process())
    run()
    assert LegacyImport.objects.get(source=SOURCE).holder == ""


def test_a_silent_holder_elsewhere_is_replaced_after_ten_minutes(old: OldTable, run: Run) -> None:
    held_by(1, timedelta(minutes=11), "elsewhere")
    run()


def test_a_holder_that_was_replaced_writes_nothing_more(
    old: OldTable, world: World, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    old.fill(old_rows(world, 300, nul=False))
    written: list[int] = []
    write = batch_writer.write_batch

    def write_and_lose(import_lock: ImportLock, planned: Sequence[Planned], *others: Any) -> None:
        write(import_lock, planned, *others)
        written.append(len(planned))
        LegacyImport.objects.update(holder=f"{socket.gethostname()}:{os.getpid()}:another")

    monkeypatch.setattr(batch_writer, "write_batch", write_and_lose)
    with pytest.raises(CommandError, match="took over this import"):
        run("--batch", "50")
    assert len(written) == 1
    assert 0 < ChatMessage.objects.count() <= 50
    assert LegacyImport.objects.get(source=SOURCE).holder.endswith("another")


def test_a_silent_holder_is_not_replaced_too_early(old: OldTable) -> None:
    held_by(1, timedelta(minutes=5), "elsewhere")
    if connection.vendor == "postgresql":
        with acquire_lock(SOURCE):  # no session has the lock, so no import is running
            return
    with pytest.raises(AlreadyRunning), acquire_lock(SOURCE):
        pass


class Deadlock(Exception):
    sqlstate = "40P01"


def test_a_batch_that_loses_a_deadlock_is_tried_again(
    old: OldTable, world: World, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    fates = old.fill(old_rows(world, 300, nul=False))
    losses = iter([True, True, False, True])
    insert = bulk_insert

    def insert_or_lose(model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        insert(model, columns, rows)
        if model is LegacyRow and next(losses, False):
            raise OperationalError("deadlock detected") from Deadlock()

    monkeypatch.setattr(batch_writer, "bulk_insert", insert_or_lose)
    run("--batch", "100")
    assert ChatMessage.objects.count() == fates["message"]
    check_state()
    monkeypatch.undo()
    assert "The old table and the import agree." in run("--verify")
