"""An import stores no messages and no notifications of people who have been erased."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model

from chatsite.legacy_import import batch_writer
from conversations.models import ChatMessage
from conversations.moderation import erasure
from notifications.models import Notification
from tests.legacy.conftest import Run
from tests.legacy.generator import BEGIN, World
from tests.legacy.oldtable import OldTable


@pytest.fixture
def world(db: None) -> World:
    """Within one transaction, because the audit log does not let tests remove its entries."""
    return World.make(customers=2, businesses=1)


def add(old: OldTable, number: int, sender: int, receiver: int, kind: str = "chat") -> None:
    old.add(id=number, type=kind, createdAt=BEGIN, content="my secret", senderId=sender, receiverId=receiver)


def erase(user_id: int) -> None:
    erasure.erase_person(actor=None, user_id=user_id, reason="asked for it")


def test_rows_of_an_erased_person_are_rejected(old: OldTable, world: World, run: Run, rejects: Path) -> None:
    _, (owner, _) = world.businesses[0]
    customer, other = world.customers[:2]
    add(old, 1, customer, owner)
    run()
    erase(customer)
    add(old, 2, customer, owner)
    add(old, 3, owner, customer)
    add(old, 4, owner, customer, kind="offer")
    add(old, 5, owner, other)
    assert "ambiguous_sender: 1" in run()
    reasons = [json.loads(line)["reason"] for line in rejects.read_text().splitlines()]
    assert reasons == ["ambiguous_sender", "ambiguous_receiver", "ambiguous_receiver"]
    assert list(ChatMessage.objects.order_by("pk").values_list("content", "sender_id")) == [
        ("", None),
        ("my secret", owner),
    ]
    assert not Notification.objects.filter(recipient=customer).exists()
    assert "The old table and the import agree." in run("--verify")


def test_people_who_are_only_deactivated_keep_their_history(old: OldTable, world: World, run: Run) -> None:
    _, (_, agent) = world.businesses[0]
    get_user_model().objects.filter(pk=agent).update(is_active=False)
    add(old, 1, agent, world.customers[0])
    run()
    assert ChatMessage.objects.get().sender_id == agent


def test_an_erasure_in_the_middle_of_an_import_counts(
    old: OldTable, world: World, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, (owner, _) = world.businesses[0]
    customer = world.customers[0]
    for number in (1, 2):
        add(old, number, customer, owner)
    write = batch_writer.write_batch

    def write_and_erase(*arguments: object) -> None:
        write(*arguments)  # type: ignore[arg-type]
        erase(customer)

    monkeypatch.setattr(batch_writer, "write_batch", write_and_erase)
    assert "ambiguous_sender: 1" in run("--batch", "1")
    assert ChatMessage.objects.get().content == ""
