"""Which rows of the old table were deleted or read. "Never" has many notations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conversations.models import ChatMessage
from notifications.models import Notification
from tests.legacy.conftest import Run
from tests.legacy.generator import BEGIN, World
from tests.legacy.oldtable import OldTable


@pytest.fixture
def table(old: OldTable, world: World) -> OldTable:
    """The old table with texts as times, as in a dump of MySQL."""
    return OldTable(old.connection, readAt="text", isRead="text")


def add(table: OldTable, world: World, **values: Any) -> None:
    both = {"businessId": str(world.businesses[0][0]), "customerId": world.customers[0]}
    table.add(senderId=world.customers[0], createdAt=BEGIN, content="hello", **both, **values)


@pytest.mark.parametrize("never", ["0000-00-00 00:00:00", "infinity", "1970-01-01 00:00:00", "1899-12-30"])
def test_a_row_that_was_never_deleted_or_read_stays_so(
    table: OldTable, world: World, run: Run, never: str
) -> None:
    add(table, world, id=1, readAt=never, isRead=never)
    add(table, world, id=2, readAt=never, isRead=never, type="offer", receiverId=world.customers[1])
    run("--map", "deleted=readAt,read_at=-")
    assert "The old table and the import agree." in run("--verify", "--map", "deleted=readAt,read_at=-")
    message, notification = ChatMessage.objects.get(), Notification.objects.get()
    assert (message.deleted_at, message.status, notification.deleted_at) == (None, "sent", None)
    assert notification.read_at is None


def test_a_row_with_an_unreadable_flag_is_rejected(
    table: OldTable, world: World, run: Run, rejects: Path
) -> None:
    add(table, world, id=1, readAt="perhaps")
    add(table, world, id=2, isRead="perhaps")
    run("--map", "deleted=readAt,read_at=-")
    lines = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert [line["reason"] for line in lines] == ["bad_flag", "bad_flag"]
    assert not ChatMessage.objects.exists()
