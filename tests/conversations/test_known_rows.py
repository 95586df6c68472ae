"""The writer's cached businesses and customers are never older than their rows."""

from __future__ import annotations

import msgspec
import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from conversations import conversation_rows
from conversations.models import Business, Conversation
from conversations.payloads import ConversationEvent
from conversations.writing.conversation_sql import lock_conversations
from conversations.writing.requests import Send
from conversations.writing.write_batch import write
from tests.conversations.people import business, conversation, person

pytestmark = pytest.mark.django_db(transaction=True)

FIRST, SECOND = (b"1", b"1"), (b"1", b"2")  # versions of a row


def told(talk: Conversation, monkeypatch: pytest.MonkeyPatch) -> ConversationEvent:
    """Return what the customer receives of the conversation after a message."""
    with monkeypatch.context() as patch:
        events: list[tuple[str, object]] = []
        patch.setattr("chatsite.realtime.broadcast.broadcast", events.extend)
        write([Send(talk.pk, talk.customer_id, "hello")])
    (event, _) = (event for _, event in events if getattr(event, "name", "") == "conversation_updated")
    return msgspec.json.decode(event.data, type=ConversationEvent)  # type: ignore[attr-defined]


def test_a_changed_name_is_in_the_next_event(monkeypatch: pytest.MonkeyPatch) -> None:
    talk = conversation(business(person()))
    told(talk, monkeypatch)
    Business.objects.filter(pk=talk.business_id).update(name="Bakery by the river")
    get_user_model().objects.filter(pk=talk.customer_id).update(first_name="Carla", last_name="Customer")
    shown = told(talk, monkeypatch).conversation
    assert shown.business.name == "Bakery by the river"
    assert shown.customer.name == "Carla Customer"


def test_a_name_that_changes_twice_in_a_transaction_is_in_the_next_event(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    talk = conversation(business(person()))
    with transaction.atomic():
        Business.objects.filter(pk=talk.business_id).update(name="First")
        assert lock_conversations([talk.pk])[talk.pk].business.name == "First"
        Business.objects.filter(pk=talk.business_id).update(name="Second")
        assert lock_conversations([talk.pk])[talk.pk].business.name == "Second"
    assert told(talk, monkeypatch).conversation.business.name == "Second"


def test_known_rows_are_not_read_again() -> None:
    rows = conversation_rows.RowCache(Business)
    known, new = business(person()), business(person())
    versions = {known.pk: FIRST}
    with CaptureQueriesContext(connection) as asked:
        assert rows.find(versions) == rows.find(versions) == {known.pk: known}
        assert len(asked) == 1
        assert rows.find(versions | {new.pk: FIRST}) == {known.pk: known, new.pk: new}
        assert rows.find({}) == {}
    assert len(asked) == 2


def test_no_more_is_kept_than_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation_rows, "KNOWN", 3)
    rows = conversation_rows.RowCache(Business)
    shops = [business(person()) for _ in range(5)]
    for shop in shops:
        assert rows.find({shop.pk: FIRST}) == {shop.pk: shop}
    assert list(rows._known) == [shop.pk for shop in shops[2:]]


def test_a_later_version_is_read_again() -> None:
    rows = conversation_rows.RowCache(Business)
    shop = business(person())
    first = rows.find({shop.pk: FIRST})[shop.pk]
    assert rows.find({shop.pk: FIRST})[shop.pk] is first
    Business.objects.filter(pk=shop.pk).update(name="New")
    assert rows.find({shop.pk: SECOND})[shop.pk].name == "New"


def test_rows_of_several_tables_are_read_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The version of one row does not tell that the row of another table has changed."""
    rows, shop = conversation_rows.RowCache(Business), business(person())
    monkeypatch.setattr(Business._meta, "parents", {Conversation: None})
    Business.objects.filter(pk=shop.pk).update(name="Before")
    assert rows.find({shop.pk: FIRST})[shop.pk].name == "Before"
    Business.objects.filter(pk=shop.pk).update(name="After")
    assert rows.find({shop.pk: FIRST})[shop.pk].name == "After"


if connection.vendor == "postgresql":

    def test_a_conversation_that_is_deleted_while_it_is_read() -> None:
        shop = business(person())
        kept, gone = conversation(shop), conversation(shop)
        read = conversation_rows.ask_conversation_rows([kept.pk, gone.pk])
        Conversation.objects.filter(pk=gone.pk).delete()
        gone.customer.delete()
        assert list(read()) == [kept.pk]
