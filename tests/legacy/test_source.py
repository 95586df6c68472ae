"""A strange value in the old table affects at most its row."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import dj_database_url
import pytest
from django.core.management.base import CommandError
from django.db import connections

from chatsite.config.limits import Limits
from chatsite.legacy_import import source_table as reading
from chatsite.legacy_import.models import LegacyImport
from conversations.models import ChatMessage
from notifications.models import Notification
from tests.legacy.conftest import Run
from tests.legacy.generator import BEGIN, World, old_rows
from tests.legacy.oldtable import OldTable


class OldFile:
    """A SQLite file with a table of untyped columns, in snake_case."""

    def __init__(self, path: Path, world: World) -> None:
        self.url = f"sqlite:///{path}"
        self.path = path
        self._customer = world.customers[0]
        self._business = str(world.businesses[0][0])
        self.execute(
            "CREATE TABLE messages (id, type, sender_id, business_id, customer_id, content, "
            "created_at datetime, payload)"
        )

    def add(
        self, id_: Any, content: Any = "hello", created: Any = "2024-01-01 10:00:00", **others: Any
    ) -> None:
        row = {"type": "chat", "sender_id": self._customer, "payload": None, **others}
        values = [
            id_,
            row["type"],
            row["sender_id"],
            self._business,
            self._customer,
            content,
            created,
            row["payload"],
        ]
        self.execute("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)

    def execute(self, sql: str, values: list[Any] | None = None) -> None:
        with closing(sqlite3.connect(self.path)) as file, file:
            file.execute(sql, values or [])


@pytest.fixture
def file(tmp_path: Path, world: World) -> OldFile:
    return OldFile(tmp_path / "old.sqlite3", world)


def reasons(rejects: Path) -> dict[Any, str]:
    lines = map(json.loads, rejects.read_text().splitlines())
    return {line["id"]: line["reason"] for line in lines}


OFFER = {"type": "offer", "sender_id": None}
DIRT: dict[Any, tuple[dict[str, Any], str]] = {
    1: ({"content": "before\x00after"}, "nul_byte"),
    2: ({"content": b"\xff\xfe no utf-8"}, "bad_encoding"),
    3: ({"content": "x" * (Limits.message_length + 1)}, "too_long"),
    4: ({"content": "é\x00" * 30_000}, "nul_byte"),
    5: ({"created": "yesterday"}, "bad_timestamp"),
    6: ({"created": "9999-12-31 23:59:59"}, "bad_timestamp"),
    7: ({"created": None}, "bad_timestamp"),
    8: ({**OFFER, "payload": "{no json"}, "bad_payload"),
    9: ({**OFFER, "payload": '{"a": "\\u0000"}'}, "bad_encoding"),
    10: ({**OFFER, "payload": '{"a": NaN}'}, "bad_encoding"),
    11: ({**OFFER, "payload": "[" * 60_000}, "bad_payload"),
    12: ({**OFFER, "payload": "[" * 500 + "]" * 500}, "bad_encoding"),
    13: ({**OFFER, "payload": '{"a": "' + "x" * 70_000 + '"}'}, "payload_too_long"),
    14: ({"sender_id": b"\xff\x00"}, "unknown_sender"),
    "x" * 201: ({}, "bad_id"),
    "\x00": ({}, "bad_id"),
    None: ({}, "bad_id"),
}


def test_dirt_is_rejected_with_its_reason(file: OldFile, run: Run, rejects: Path) -> None:
    for id_, (values, _) in DIRT.items():
        file.add(id_, **values)
    file.add(15)
    file.execute("UPDATE messages SET sender_id = CAST(X'FF00' AS TEXT) WHERE id = 15")
    file.add(16, "x" * 8000)
    file.add(17, "  fine \U0001f44d  ")
    expected = {id_: reason for id_, (_, reason) in DIRT.items()} | {15: "unknown_sender"}
    for _ in range(2):
        run("--source", file.url)
        contents = ChatMessage.objects.values_list("content", flat=True)
        assert sorted(map(len, contents)) == [10, 8000]
        assert reasons(rejects) == expected


def test_nuls_are_taken_out_if_that_is_wanted(file: OldFile, run: Run) -> None:
    file.add(1, "before\x00after")
    assert "Repaired (NUL characters removed): 1" in run("--source", file.url, "--strip-nul")
    assert ChatMessage.objects.get().content == "beforeafter"
    assert "The old table and the import agree." in run("--source", file.url, "--strip-nul", "--verify")


@pytest.mark.parametrize(
    ("created", "zone", "expected"),
    [
        ("2024-07-01T10:00:00Z", "UTC", "2024-07-01T10:00:00+00:00"),
        ("2024-07-01 10:00:00", "Europe/Berlin", "2024-07-01T08:00:00+00:00"),
        ("2024-07-01 10:00:00.5+02", "UTC", "2024-07-01T08:00:00.500000+00:00"),
        (1719820800, "UTC", "2024-07-01T08:00:00+00:00"),
        (1719820800123, "UTC", "2024-07-01T08:00:00.123000+00:00"),
    ],
)
def test_times_in_every_notation(file: OldFile, run: Run, created: Any, zone: str, expected: str) -> None:
    file.add(1, created=created)
    run("--source", file.url, "--timezone", zone)
    assert ChatMessage.objects.get().created_at.isoformat() == expected


def test_an_id_that_is_not_unique_stops_the_import(file: OldFile, run: Run) -> None:
    file.add(1)
    file.add(1)
    with pytest.raises(CommandError, match="has 1 repeated values"):
        run("--source", file.url)
    assert not LegacyImport.objects.exists()


@pytest.fixture
def alias(file: OldFile) -> Iterator[str]:
    """Add the file to the databases of the settings."""
    config = connections.configure_settings({"default": {}, "old": dict(dj_database_url.parse(file.url))})
    connections.settings["old"] = config["old"]
    connections["old"].connect()  # by hand, because Django's test case opens only its own connections
    yield "old"
    connections["old"].close()
    del connections["old"], connections.settings["old"]


def test_a_table_of_another_alias_is_moved_checked_and_taken_back(
    file: OldFile, alias: str, run: Run
) -> None:
    for id_ in range(3):
        file.add(id_, content=f"line {id_}")
    assert "content" in run("--database", alias, "--describe")
    assert "Messages would be moved: 3" in run("--database", alias, "--dry-run")
    assert not ChatMessage.objects.exists()
    run("--database", alias)
    assert [message.content for message in ChatMessage.objects.order_by("seq")] == [
        "line 0",
        "line 1",
        "line 2",
    ]
    assert LegacyImport.objects.get().source == "old:messages"
    assert "The old table and the import agree." in run("--database", alias, "--verify")
    run("--database", alias, "--undo")
    assert not ChatMessage.objects.exists()


def test_missing_objects_are_reported(file: OldFile, run: Run) -> None:
    with pytest.raises(CommandError, match="no table nothing"):
        run("--source", file.url, "--table", "nothing")
    with pytest.raises(CommandError, match="does not exist"):
        run("--source", file.url + "x")
    with pytest.raises(CommandError, match="define no database 'other'"):
        run("--database", "other")
    with pytest.raises(CommandError, match="no such column"):
        run("--source", file.url, "--map", "id=nothing")
    with pytest.raises(CommandError, match="No column found for: content"):
        run("--source", file.url, "--map", "content=-")


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "KEY_PAGE", 7)


@pytest.mark.usefixtures("small_pages")
def test_pages_of_keys_meet_without_a_gap(old: OldTable, world: World, run: Run) -> None:
    fates = old.fill(old_rows(world, 200, nul=False))
    said = run("--batch", "3")
    assert ChatMessage.objects.count() == fates["message"]
    assert "200 rows read" in said
    assert "The old table and the import agree." in run("--verify", "--batch", "3")


def test_since_leaves_the_older_rows_out(old: OldTable, world: World, run: Run) -> None:
    old.fill(old_rows(world, 200, nul=False))
    since = BEGIN.replace(minute=3)
    run("--since", since.isoformat())
    assert ChatMessage.objects.exists()
    assert not ChatMessage.objects.filter(created_at__lt=since).exists()
    assert not Notification.objects.filter(created_at__lt=since).exists()


def test_describe_shows_the_table_and_stops(old: OldTable, world: World, run: Run) -> None:
    fates = old.fill(old_rows(world, 300, nul=False))
    said = run("--describe")
    assert "createdAt" in said
    assert "→ created" in said
    assert "→ notification: team_invitation" in said
    assert "→ message" in said
    assert "Mapping: --map id=id,type=type,sender=senderId,receiver=receiverId" in said
    assert "Missing: nothing" in said
    assert "Missing: content" in run("--describe", "--map", "content=-")
    assert fates
    assert not LegacyImport.objects.exists()
