"""The database refuses a row that breaks an invariant, whoever writes it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.utils import timezone

from conversations.models import Business, ChatMessage, Conversation, Membership
from tests.conversations.people import business, conversation, person, say

pytestmark = pytest.mark.django_db

MODELS: tuple[type[models.Model], ...] = (Business, Membership, Conversation, ChatMessage)
NOW = timezone.now()

# For each check: changes to a good row that it must refuse.
BAD: dict[str, list[dict[str, Any]]] = {
    "membership_role": [{"role": "king"}, {"role": ""}],
    "conversation_rev_covers_seq": [{"rev": 1}],
    "conversation_unread_within_messages": [{"customer_unread": 3}, {"business_unread": 3}],
    "conversation_last_message_at": [{"last_message_at": None}],
    "message_seq_and_rev": [{"seq": 0}, {"rev": 0}],
    "message_side": [{"sender_side": "nobody"}],
    "message_type": [{"message_type": "video"}],
    "message_status_times": [
        {"status": "delivered"},
        {"status": "read"},
        {"status": "read", "read_at": NOW},
        {"status": "seen"},
        {"delivered_at": NOW},
        {"status": "delivered", "delivered_at": NOW, "read_at": NOW},
    ],
    "message_of_system": [{"sender_side": "system"}],
}


def good_rows() -> dict[type[models.Model], models.Model]:
    customer, member = person(), person()
    shop = business(member)
    talk = conversation(shop, customer)
    say(talk, customer, ["one", "two"])
    return {
        Business: shop,
        Membership: shop.memberships.get(),
        Conversation: Conversation.objects.get(),
        ChatMessage: ChatMessage.objects.get(seq=2),
    }


def constraints(kind: type[models.BaseConstraint]) -> list[tuple[type[models.Model], str]]:
    return [
        (model, found.name)
        for model in MODELS
        for found in model._meta.constraints
        if isinstance(found, kind)
    ]


CHECKS = constraints(models.CheckConstraint)


@pytest.mark.parametrize(("model", "name"), CHECKS, ids=[name for _, name in CHECKS])
def test_a_check_refuses_a_bad_row(model: type[models.Model], name: str) -> None:
    assert name in BAD, f"which row does {name} refuse?"
    row = good_rows()[model]
    for change in BAD[name]:
        with pytest.raises(IntegrityError) as refusal, transaction.atomic():
            model._default_manager.filter(pk=row.pk).update(**change)
        assert name in str(refusal.value), change


def copy_of(row: models.Model, **changes: Any) -> models.Model:
    values = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.primary_key
    }
    return type(row)(**{**values, **changes})


def test_unique_rows() -> None:
    rows = good_rows()
    message = rows[ChatMessage]
    ChatMessage.objects.filter(pk=message.pk).update(client_id="c")
    message.refresh_from_db()
    doubles = {
        "slug": copy_of(rows[Business]),
        "membership_once": copy_of(rows[Membership]),
        "conversation_once": copy_of(rows[Conversation]),
        "message_seq_once": copy_of(message, client_id="d"),
        "message_client_id_once": copy_of(message, seq=3, rev=3),
    }
    for double in doubles.values():
        with pytest.raises(IntegrityError), transaction.atomic():
            double.save(force_insert=True)
    named = {name for _, name in constraints(models.UniqueConstraint)}
    assert named <= doubles.keys()
    copy_of(message, seq=3, rev=3, client_id="d").save(force_insert=True)
    copy_of(message, seq=4, rev=4, client_id=None).save(force_insert=True)
    copy_of(message, seq=5, rev=5, client_id=None).save(force_insert=True)


def test_people_and_businesses_with_a_history_cannot_be_deleted() -> None:
    rows = good_rows()
    talk = Conversation.objects.get(pk=rows[Conversation].pk)
    for owner in (talk.customer, talk.business):
        with pytest.raises(DatabaseError), transaction.atomic():
            owner.delete()


def test_history_and_sync_are_read_from_an_index() -> None:
    talk = good_rows()[Conversation]
    messages = ChatMessage.objects.filter(conversation_id=talk.pk).order_by()
    wanted = {
        "message_seq_once": messages.filter(seq__lt=100).order_by("-seq")[:50],
        "message_by_rev": messages.filter(rev__gt=1).order_by("rev", "seq")[:501],
    }
    for index, rows in wanted.items():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_seqscan = off")  # the planner would scan a table of two rows
            assert index in rows.explain()
        else:
            assert "SEARCH" in rows.explain()
