"""The results for the rows of an old table, each imported once."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

from chatsite.legacy_import.models import LegacyImport, LegacyRow
from conversations.models import ChatMessage, Conversation
from notifications.models import Notification
from tests.legacy.conftest import Run
from tests.legacy.generator import BEGIN, OldRow, World, old_rows
from tests.legacy.oldtable import OldTable
from tests.legacy.state import check_state, snapshot

COUNT = 3000


def fill(old: OldTable, world: World, count: int = COUNT) -> tuple[list[OldRow], Counter[str]]:
    rows = list(old_rows(world, count, nul=not old.is_postgresql))
    return rows, old.fill(rows)


def test_every_row_meets_its_fate(old: OldTable, world: World, run: Run, rejects: Path) -> None:
    rows, fates = fill(old, world)
    run("--batch", "170")
    assert ChatMessage.objects.count() == fates.pop("message")
    assert Notification.objects.count() == fates.pop("notification")
    lines = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert Counter(line["reason"] for line in lines) == fates
    assert {line["id"]: line["reason"] for line in lines} == {
        (str(row.values["id"]) if old.is_postgresql else row.values["id"]): row.fate
        for row in rows
        if row.fate not in ("message", "notification")
    }
    assert rejects.stat().st_mode & 0o077 == 0
    check_state()


def test_messages_keep_order_time_sender_and_state(old: OldTable, world: World, run: Run) -> None:
    rows, _ = fill(old, world)
    run("--batch", "170")
    by_id = {str(row.values["id"]): row.values for row in rows}
    origin = dict(LegacyRow.objects.values_list("object_id", "legacy_id"))
    for conversation in Conversation.objects.all():
        messages = list(ChatMessage.objects.filter(conversation=conversation).order_by("seq"))
        values = [by_id[origin[message.pk]] for message in messages]
        places = [(value["createdAt"], value["id"]) for value in values]
        assert places == sorted(places)
        assert [message.rev for message in messages] == [message.seq for message in messages]
        for message, value in zip(messages, values, strict=True):
            assert (message.created_at, message.content) == (value["createdAt"], value["content"])
            assert message.sender_id == value["senderId"]
            assert message.sender_side == (
                "customer" if message.sender_id == conversation.customer_id else "business"
            )
            expected = "read" if value["isRead"] else value["status"]
            read_at = value["readAt"] or value["createdAt"]
            assert message.status == expected
            assert message.delivered_at == (None if expected == "sent" else read_at)
            assert message.read_at == (read_at if expected == "read" else None)
            assert message.message_type == ("image" if value["type"] == "image" else "text")


def test_notifications_keep_their_content(old: OldTable, world: World, run: Run) -> None:
    rows, _ = fill(old, world, 600)
    run()
    by_id = {str(row.values["id"]): row.values for row in rows}
    types = {"invitation": "team_invitation", "offer": "offer"}
    assert Notification.objects.exists()
    for notification in Notification.objects.all():
        legacy = notification.data.pop("legacy")
        value = by_id[legacy["id"]]
        assert notification.type == types.get(value["type"], "system")
        assert legacy["type"] == value["type"].lower()
        assert legacy["sender"] == str(value["senderId"])
        assert notification.recipient_id == value["receiverId"]
        assert (notification.title, notification.body) == ("For you", value["content"])
        assert notification.action_url == "/team"
        assert notification.data == json.loads(value["payload"])
        assert (notification.read_at is not None) == value["isRead"]
        assert notification.created_at == value["createdAt"]


def test_a_second_run_changes_nothing(old: OldTable, world: World, run: Run) -> None:
    fill(old, world)
    run()
    before = snapshot()
    said = run("--batch", "99")
    assert "Messages moved: 0\n" in said
    assert "Notifications moved: 0\n" in said
    assert snapshot() == before


def test_new_and_late_rows_are_picked_up(old: OldTable, world: World, run: Run) -> None:
    fill(old, world, 300)
    run()
    before = ChatMessage.objects.count()
    business, (member, _) = world.businesses[0]
    customer = world.customers[0]
    new = BEGIN + timedelta(days=300)
    late = BEGIN - timedelta(days=300)
    both = {"senderId": member, "businessId": str(business), "customerId": customer}
    old.add(id=10_001, createdAt=new, content="new", **both)
    old.add(id=10_002, createdAt=late, content="late", **both)
    old.add(id=10_003, createdAt=BEGIN, content="as old as the first", **both)
    run()
    assert ChatMessage.objects.count() == before + 3
    conversation = Conversation.objects.get(business_id=business, customer_id=customer)
    last = list(ChatMessage.objects.filter(conversation=conversation).order_by("-seq")[:3])
    assert [message.content for message in last] == ["new", "as old as the first", "late"]
    assert [message.created_at for message in last] == [new, BEGIN, late]
    check_state()


def test_a_dry_run_reports_and_writes_nothing(old: OldTable, world: World, run: Run, rejects: Path) -> None:
    _, fates = fill(old, world)
    said = run("--dry-run")
    assert f"Messages would be moved: {fates['message']:,}\n" in said
    assert f"Notifications would be moved: {fates['notification']:,}\n" in said
    assert f"Rejected: {COUNT - fates['message'] - fates['notification']:,}, see" in said
    assert not ChatMessage.objects.exists()
    assert not Notification.objects.exists()
    assert not LegacyImport.objects.exists()
    assert len(rejects.read_text().splitlines()) == COUNT - fates["message"] - fates["notification"]


def test_a_row_that_was_rejected_is_moved_once_it_can_be(
    old: OldTable, world: World, run: Run, rejects: Path
) -> None:
    business, (member, _) = world.businesses[0]
    row = {
        "businessId": str(business),
        "customerId": world.customers[0],
        "createdAt": BEGIN,
        "content": "hello",
    }
    old.add(id=1, senderId=member + 1_000_000, **row)
    run()
    assert json.loads(rejects.read_text())["reason"] == "unknown_sender"
    old.execute('UPDATE messages SET "senderId" = %s', [member])
    run()
    assert ChatMessage.objects.get().sender_id == member
    assert not rejects.exists()
