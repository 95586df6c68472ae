"""What the writer keeps of businesses and customers is never older than their rows."""

from __future__ import annotations

import msgspec
import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations import heads
from conversations.batch import Send, write
from conversations.models import Business, Conversation
from conversations.serializers import ConversationEvent
from tests.conversations.people import business, conversation, person

pytestmark = pytest.mark.django_db(transaction=True)


def told(talk: Conversation, monkeypatch: pytest.MonkeyPatch) -> ConversationEvent:
    """What the customer is told of the conversation after a message."""
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


def test_it_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    talk = conversation(business(person()))
    told(talk, monkeypatch)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        told(talk, monkeypatch)
    reads = [query["sql"] for query in asked if query["sql"].lstrip().startswith("SELECT")]
    if connection.vendor == "postgresql":
        assert not [sql for sql in reads if 'FROM "conversations_business"' in sql]


def test_no_more_is_kept_than_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "KNOWN", 3)
    rows = heads.KnownRows(Business)
    shops = [business(person()) for _ in range(5)]
    for shop in shops:
        assert rows.find({shop.pk: b"1"}) == {shop.pk: shop}
    assert list(rows._known) == [shop.pk for shop in shops[2:]]


def test_a_later_version_is_read_again() -> None:
    rows = heads.KnownRows(Business)
    shop = business(person())
    first = rows.find({shop.pk: b"1"})[shop.pk]
    assert rows.find({shop.pk: b"1"})[shop.pk] is first
    Business.objects.filter(pk=shop.pk).update(name="New")
    assert rows.find({shop.pk: b"2"})[shop.pk].name == "New"
