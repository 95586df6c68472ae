"""Create conversations: one for a person who opens it, or many for an import."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

from django.db import IntegrityError, connection
from uuid_utils.compat import uuid7

from chatsite.database.pg_types import array_maker, unnested
from chatsite.realtime.broadcast import broadcast_on_commit
from conversations import events
from conversations.access import UserId
from conversations.block_rules import set_blocks
from conversations.columns import CONVERSATIONS
from conversations.models import Conversation
from conversations.signals import send_on_commit
from conversations.writing.commit_recovery import watched_transaction
from conversations.writing.recording import record_changes

_BLOCKS: Final = ("blocked_members", "business_blocked", "customer_blocked")
Pair: TypeAlias = tuple[UUID, UserId]  # business, customer


def get_or_create_conversation(
    business_id: UUID, customer_id: UserId, *, check: Callable[[], None]
) -> tuple[Conversation, bool]:
    """Return the conversation, and whether it is new. Both sides get an event for a new one.

    `check` runs in the transaction that creates the conversation, and raises if that is not allowed.
    """
    both = Conversation.objects.select_related("business", "customer")
    known = both.filter(business_id=business_id, customer_id=customer_id).first()
    if known is not None:
        return known, False
    new_ids: set[UUID] = set()
    try:
        with watched_transaction(new_ids):
            check()
            conversation, created = both.get_or_create(business_id=business_id, customer_id=customer_id)
            if created:
                new_ids.add(conversation.pk)
                if set_blocks([conversation]):
                    conversation.save(update_fields=_BLOCKS)
                contact = events.business_changed(events.CONTACT_BEGAN, customer_id, business_id)
                broadcast_on_commit([contact, *events.conversation_updated(conversation)])
                opened = [events.conversation_created(conversation)]
                record_changes([conversation], opened)
                send_on_commit([conversation], opened)
    except IntegrityError:  # another request has created it at the same time
        conversation, created = both.get(business_id=business_id, customer_id=customer_id), False
    return conversation, created


def make_missing_conversations(opened_at: Mapping[Pair, datetime]) -> tuple[list[UUID], list[UUID]]:
    """Create the missing conversations of these pairs, with the given times, for an import. Send no events.

    Return the ids of all conversations of the pairs, and the ids of the new ones.
    """
    known = _ids_of(opened_at.keys())
    new = {uuid7(): pair for pair in opened_at if pair not in known}
    made = _insert({key: (pair, opened_at[pair]) for key, pair in new.items()}) if new else []
    if len(made) < len(new):  # a customer has opened a conversation meanwhile
        known |= _ids_of(new.values())
    _set_blocks(made)
    return [*{*known.values(), *made}], made


def _set_blocks(conversation_ids: Collection[UUID]) -> None:
    changed = set_blocks(list(Conversation.objects.filter(pk__in=conversation_ids)))
    for conversation in changed:
        conversation.save(update_fields=_BLOCKS)


def _ids_of(pairs: Collection[Pair]) -> dict[Pair, UUID]:
    # If a customer has conversations with several of the businesses, the query finds more than the pairs.
    found = Conversation.objects.filter(
        business_id__in={business for business, _ in pairs},
        customer_id__in={customer for _, customer in pairs},
    )
    rows = found.order_by().values_list("business_id", "customer_id", "pk")
    wanted = set(pairs)
    return {(business, customer): pk for business, customer, pk in rows if (business, customer) in wanted}


def _insert(new: Mapping[UUID, tuple[Pair, datetime]]) -> list[UUID]:
    """Insert conversations for pairs that have none. Return the ids of the inserted ones."""
    rows = [
        {"id": key, "business_id": pair[0], "customer_id": pair[1], "created_at": at, "active_at": at}
        for key, (pair, at) in new.items()
    ]
    if connection.vendor != "postgresql":  # SQLite has one writer at a time, so there can be no conflict
        return [made.pk for made in Conversation.objects.bulk_create(Conversation(**row) for row in rows)]
    names = CONVERSATIONS.names
    columns = zip(*(CONVERSATIONS.row(row) for row in rows), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {CONVERSATIONS.database_name} ({', '.join(names)}) "
            f"SELECT * FROM {unnested(Conversation, names)} ON CONFLICT DO NOTHING RETURNING id",
            [array_maker(Conversation, name)(column) for name, column in zip(names, columns, strict=True)],
        )
        return [row[0] for row in cursor.fetchall()]
