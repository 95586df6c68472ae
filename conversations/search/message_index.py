"""Update the search index in the transaction of every change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection

from chatsite.database.pg_arrays import booleans, texts, uuids
from chatsite.database.pg_arrays import times as as_times
from chatsite.database.pipeline import tell
from conversations.search.models import IndexedMessage
from conversations.search.tokens import searchable

_LINK: Final = re.compile(r"\bhttps?://\S|\bwww\.\S", re.IGNORECASE)


class Entry(NamedTuple):
    """The index entry of a message."""

    message_id: UUID
    business_id: UUID
    created_at: datetime
    has_link: bool
    tokens: str


def entry_of(message_id: UUID, business_id: UUID, created_at: datetime, content: str) -> Entry:
    return Entry(message_id, business_id, created_at, _LINK.search(content) is not None, searchable(content))


def add_to_index(new: Iterable[Entry]) -> None:
    """Index messages. One statement for any number on PostgreSQL."""
    entries = list(new)
    if not entries:
        return
    if connection.vendor != "postgresql":
        IndexedMessage.objects.bulk_create(IndexedMessage(**entry._asdict()) for entry in entries)
        return
    messages, businesses, times, links, tokens = zip(*entries, strict=True)
    tell(
        "INSERT INTO conversations_indexedmessage (message_id, business_id, created_at, has_link, tokens) "
        "SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[], %s::boolean[], %s::text[])",
        [uuids(messages), uuids(businesses), as_times(times), booleans(links), texts(tokens)],
    )


def remove_from_index(message_ids: Sequence[UUID]) -> None:
    """Remove messages from the index. After the commit nobody finds them."""
    if not message_ids:
        return
    if connection.vendor != "postgresql":
        IndexedMessage.objects.filter(message_id__in=message_ids).delete()
        return
    tell("DELETE FROM conversations_indexedmessage WHERE message_id = ANY(%s::uuid[])", [uuids(message_ids)])
