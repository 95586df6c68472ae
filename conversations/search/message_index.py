"""Keeping the index of messages in the transaction of every change."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection

from chatsite.database.pg_arrays import booleans, texts, uuids
from chatsite.database.pg_arrays import times as as_times
from conversations.models import ChatMessage, Conversation
from conversations.search.models import IndexedMessage
from conversations.search.tokens import searchable

_LINK: Final = re.compile(r"\bhttps?://\S|\bwww\.\S", re.IGNORECASE)


class Entry(NamedTuple):
    """What the index keeps of a message."""

    message_id: UUID
    business_id: UUID
    created_at: datetime
    has_link: bool
    tokens: str


def entry_of(message_id: UUID, business_id: UUID, created_at: datetime, content: str) -> Entry:
    return Entry(message_id, business_id, created_at, _LINK.search(content) is not None, searchable(content))


def add_to_index(entries: Sequence[Entry]) -> None:
    """Index new messages. One statement for any number on PostgreSQL."""
    if not entries:
        return
    if connection.vendor != "postgresql":
        IndexedMessage.objects.bulk_create(IndexedMessage(**entry._asdict()) for entry in entries)
        return
    messages, businesses, times, links, tokens = zip(*entries, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO conversations_indexedmessage (message_id, business_id, created_at, has_link, tokens) "
            "SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[], %s::boolean[], %s::text[])",
            [uuids(messages), uuids(businesses), as_times(times), booleans(links), texts(tokens)],
        )


def remove_from_index(message_ids: Collection[UUID]) -> None:
    """Take messages out of the index. Nobody finds them from the commit on."""
    IndexedMessage.objects.filter(message_id__in=list(message_ids)).delete()


def index_changed(changed: Sequence[tuple[ChatMessage, Conversation]]) -> None:
    """Index messages anew after an edit, a delete, a hide or a restore."""
    remove_from_index([message.pk for message, _ in changed])
    add_to_index(
        [
            entry_of(message.pk, conversation.business_id, message.created_at, message.content)
            for message, conversation in changed
            if message.deleted_at is None and message.hidden_at is None
        ]
    )
