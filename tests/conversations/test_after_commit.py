"""What runs after a COMMIT may fail, and the committed change still succeeds."""

from __future__ import annotations

import pytest
from django.db import transaction

from chatsite.database.after_commit import after_commit
from conversations import operations
from conversations.models import Conversation
from conversations.requests import SendBody
from notifications.webhooks import outbox
from tests.conversations.people import business, conversation, person
from tests.harness.processes import ROOT

PRODUCT = ("chatsite", "conversations", "notifications", "presence")


@pytest.mark.django_db(transaction=True)
def test_a_failure_is_logged_and_the_next_function_runs(caplog: pytest.LogCaptureFixture) -> None:
    ran: list[str] = []

    def fail(number: int) -> None:
        raise RuntimeError(f"no {number}")

    with transaction.atomic():
        after_commit(fail, 7)
        after_commit(ran.append, "next")
        assert ran == []
    assert ran == ["next"]
    [record] = [record for record in caplog.records if record.name == "django.db.backends.base"]
    assert "fail" in record.getMessage()
    assert "no 7" in record.getMessage()


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_transaction_calls_nothing() -> None:
    ran: list[str] = []
    with transaction.atomic():
        after_commit(ran.append, "never")
        transaction.set_rollback(True)
    assert ran == []


@pytest.mark.django_db(transaction=True)
def test_a_message_is_sent_although_the_mark_of_its_business_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(business_ids: object) -> None:
        raise RuntimeError("the database is locked")

    monkeypatch.setattr(outbox, "mark_new_businesses", fail)
    member, customer = person(), person()
    talk = conversation(business(member), customer)  # nobody has looked for endpoints of a new business
    sent = operations.send_message(
        sender_id=customer.pk, conversation_id=talk.pk, body=SendBody(content="Hello")
    )
    assert sent.message.content == "Hello"
    assert Conversation.objects.get(pk=talk.pk).last_seq == 1


@pytest.mark.standalone
def test_no_other_module_asks_django_for_it() -> None:
    asking = {
        str(path.relative_to(ROOT))
        for folder in PRODUCT
        for path in (ROOT / folder).rglob("*.py")
        if "robust=True" in path.read_text()
    }
    assert asking == {"chatsite/database/after_commit.py"}
