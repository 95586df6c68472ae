"""People whom the site does not know, and rows that cannot be imported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from chatsite.legacy_import.models import ImportedAccount
from chatsite.transfer.batch_writer import write_batch
from conversations import operations
from conversations.models import ChatMessage, Conversation
from conversations.moderation import erasure
from conversations.requests import SendBody
from tests.conversations.people import business, person
from tests.transfer.conftest import Run

pytestmark = pytest.mark.django_db


def message(number: int, sender: str, **more: Any) -> dict[str, Any]:
    line = {
        "kind": "message",
        "id": f"m{number}",
        "sender": {"id": sender, "username": sender, "name": f"Name of {sender}"},
        "content": f"Message {number}",
        "createdAt": f"2024-05-01T10:{number:02}:00Z",
    }
    return line | more


def write(path: Path, *lines: dict[str, Any]) -> Path:
    shown = [{"kind": "header", "format": "business-chat", "version": 1}, *lines]
    shown.append({"kind": "end", "lines": len(shown)})
    path.write_text("".join(json.dumps(line) + "\n" for line in shown))
    return path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two customers whom the site does not know, and an agent."""
    business().__class__.objects.create(name="Acme", slug="acme")
    lines = []
    for customer in ("ann", "bob"):
        lines.append(
            {"kind": "conversation", "id": customer, "customer": {"id": customer, "username": customer}}
        )
        start = 10 * (1 + (customer == "bob"))
        lines += [message(start + n, customer if n % 2 else "agent") for n in range(1, 4)]
    return write(tmp_path / "source.jsonl", *lines)


OPTIONS = ("--business", "acme", "--create-people", "--former-members")


def test_accounts_are_created_once_and_undone(source: Path, run: Run) -> None:
    users = User.objects.count()
    assert "3 people" in run(source, *OPTIONS, "--batch", "2")
    assert "0 people" in run(source, *OPTIONS)
    account = ImportedAccount.objects.select_related("user").order_by("pk")[0].user
    assert not account.has_usable_password()
    assert account.get_full_name() in {"Name of ann", "Name of agent"}
    assert "Removed: 3 accounts" in run(source, "--undo")
    assert User.objects.count() == users


def test_an_account_in_use_survives_the_undo(source: Path, run: Run) -> None:
    run(source, *OPTIONS)
    kept = Conversation.objects.select_related("customer").filter(business__slug="acme")[0]
    operations.send_message(
        sender_id=kept.customer.pk, conversation_id=kept.pk, body=SendBody(content="I am still here")
    )
    with pytest.raises(SystemExit):
        run(source, "--undo")
    assert Conversation.objects.filter(business__slug="acme").get() == kept
    assert User.objects.filter(pk=kept.customer.pk).exists()


def test_a_run_that_ends_in_the_middle_goes_on(
    source: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def fail_at_the_second(*arguments: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("killed")
        write_batch(*arguments)

    monkeypatch.setattr("chatsite.transfer.importer.write_batch", fail_at_the_second)
    with pytest.raises(RuntimeError):
        run(source, *OPTIONS, "--batch", "2")
    assert ChatMessage.objects.filter(conversation__business__slug="acme").count() == 2
    assert "Imported: 4 messages" in run(source, *OPTIONS, "--batch", "2")
    for where in Conversation.objects.filter(business__slug="acme"):
        assert list(where.messages.values_list("seq", flat=True)) == [1, 2, 3]


def test_later_messages_of_an_erased_person_are_refused(source: Path, run: Run, tmp_path: Path) -> None:
    run(source, *OPTIONS)
    ann = Conversation.objects.filter(business__slug="acme").order_by("pk")[0].customer
    erasure.erase_person(actor=None, user_id=ann.pk, reason="asked")
    conversation = {"kind": "conversation", "id": "ann", "customer": {"id": "ann"}}
    later = write(tmp_path / "later.jsonl", conversation, message(50, "ann"))
    said = run(later, *OPTIONS, "--name", "native:source.jsonl")
    assert "ambiguous_customer: 1" in said
    assert "Imported: 0 messages" in said


@pytest.mark.parametrize("by", ["id", "username"])
def test_messages_of_a_closed_account_that_the_site_had_are_refused(
    by: str, run: Run, tmp_path: Path
) -> None:
    agent, ann, bob = person("agent"), person("ann"), person("bob")
    shop = business(agent)
    one, two = (ann.pk, bob.pk) if by == "id" else ("ann", "bob")

    def lines(number: int) -> list[dict[str, Any]]:
        found = []
        for start, key in ((number, one), (number + 10, two)):
            who = {"id": str(key), "username": str(key)}
            where = {"kind": "conversation", "id": str(key), "business": {"slug": shop.slug}, "customer": who}
            found += [where, message(start, str(key))]
        return found

    options = ("--match", by, "--name", "a")
    assert "Imported: 2 messages" in run(write(tmp_path / "1.jsonl", *lines(1)), *options)
    if by == "id":
        erasure.erase_person(actor=None, user_id=ann.pk, reason="asked")
    else:  # an erased account has another username
        User.objects.filter(pk=ann.pk).update(is_active=False)
    later = write(tmp_path / "2.jsonl", *lines(1), *lines(2))
    said = run(later, *options)
    assert "Imported: 1 messages" in said
    assert "ambiguous_customer: 1" in said
    assert "The file and the import agree." in run(later, *options, "--verify")


def test_rejected_messages_are_in_the_file_of_rejects(run: Run, tmp_path: Path) -> None:
    agent, customer = person("agent"), person("ann")
    shop = business(agent)
    conversation = {
        "kind": "conversation",
        "id": "c",
        "business": {"slug": shop.slug},
        "customer": {"id": "ann", "username": customer.username},
    }
    path = write(
        tmp_path / "bad.jsonl",
        {"kind": "message", "id": "m0", "createdAt": "2024-05-01T10:00:00Z"},
        conversation,
        message(1, "ann"),
        message(2, "ann", content=" "),
        message(3, "ann", createdAt="1889-01-01T00:00:00Z"),
        message(4, "ann", content="x" * 100_000),
        message(5, "ann", content="a\x00b"),
        message(6, "nobody"),
        message(7, "ann", senderSide="business"),
        message(8, "ann", createdAt="yesterday"),
        message(9, "ann", messageType="film"),
    )
    said = run(path)
    assert "Imported: 1 messages" in said
    rows = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    assert sorted(row["reason"] for row in rows) == [
        "bad_encoding",
        "bad_line",
        "bad_line",
        "bad_line",
        "bad_timestamp",
        "empty_content",
        "foreign_sender",
        "too_long",
        "unknown_sender",
    ]
