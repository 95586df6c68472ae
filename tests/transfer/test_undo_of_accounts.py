"""The undo removes the accounts that an import has created, and keeps those that other rows need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from chatsite.legacy_import.models import ImportedAccount, LegacyImport
from chatsite.transfer import undo
from conversations.models import Business, ChatMessage, Conversation
from conversations.moderation.models import Report
from tests.conversations.people import business, conversation
from tests.transfer.conftest import Run
from tests.transfer.test_people import OPTIONS, message, write

COUNT = 5


@pytest.fixture
def imported(run: Run, tmp_path: Path) -> Path:
    """Five customers with an account and a message each."""
    Business.objects.create(name="Acme", slug="acme")
    lines = []
    for number in range(COUNT):
        key = f"c{number}"
        lines += [{"kind": "conversation", "id": key, "customer": {"id": key}}, message(number, key)]
    path = write(tmp_path / "source.jsonl", *lines)
    run(path, *OPTIONS)
    return path


def report_somebody() -> User:
    """Report a created account in a conversation that is not imported."""
    where = conversation(business())
    account = ImportedAccount.objects.select_related("user").order_by("pk")[2].user
    Report.objects.create(reporter=where.customer, conversation=where, user=account, reason="spam")
    return account


@pytest.mark.django_db
@pytest.mark.parametrize("is_seen_before", [True, False])
def test_a_reported_account_stays_and_the_others_go(
    imported: Path, run: Run, monkeypatch: pytest.MonkeyPatch, is_seen_before: bool
) -> None:
    reported = report_somebody()
    if not is_seen_before:  # as if another row, which goes with the account, were needed
        monkeypatch.setattr(undo, "referred_to", lambda *arguments: set())
    for removed in (COUNT - 1, 0):
        said = run(imported, "--undo")
        assert f"Removed: {removed} accounts" in said
        assert "Kept because they are in use: 1 accounts" in said
        assert [row.user for row in ImportedAccount.objects.select_related("user")] == [reported]
    assert not Conversation.objects.filter(business__slug="acme").exists()


def indexes() -> set[str]:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, ChatMessage._meta.db_table)
    return {name for name, what in found.items() if what["index"] and what["columns"] == ["sender_id"]}


@pytest.mark.django_db(transaction=True)
def test_the_senders_of_messages_have_an_index_while_accounts_are_deleted(
    imported: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[str]] = []
    remove = undo._remove_accounts

    def watched(*arguments: Any) -> None:
        seen.append(indexes())
        if len(seen) == 1:
            raise RuntimeError("stopped")
        remove(*arguments)

    monkeypatch.setattr(undo, "_remove_accounts", watched)
    name = f"imported_senders_{LegacyImport.objects.get().pk}"
    with pytest.raises(RuntimeError):
        run(imported, "--undo")
    assert indexes() == set()
    with connection.cursor() as cursor:  # as a killed run leaves it
        cursor.execute(f"CREATE INDEX {name} ON {ChatMessage._meta.db_table} (sender_id)")
    assert f"Removed: {COUNT} accounts" in run(imported, "--undo")
    assert seen == [{name}, {name}]
    assert indexes() == set()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE INDEX {name} ON {ChatMessage._meta.db_table} (sender_id)")
    run(imported, "--undo")
    assert indexes() == set()
