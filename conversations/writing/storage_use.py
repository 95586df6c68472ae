"""How much each business stores, counted as files are claimed, so that a send need not add up all files.

A claim adds to the row of its business in its own transaction. Nothing subtracts: a job compares the rows with the
files (`conversations.attachments.recounting`). So the rows of busy businesses are locked only by sends with files, and
only from the end of their change to the COMMIT.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection

from chatsite.config.limits import limits
from chatsite.database.bulk_insert import converter
from chatsite.database.pg_arrays import numbers, uuids
from chatsite.database.pipeline import ask_rows, tell
from chatsite.errors import DomainError
from conversations.models import Attachment, Conversation, StorageUse

_TABLE: Final = StorageUse._meta.db_table
_ADD: Final = f"""
    INSERT INTO {_TABLE} (business_id, bytes, files) {{rows}}
    ON CONFLICT (business_id) DO UPDATE
    SET bytes = {_TABLE}.bytes + excluded.bytes, files = {_TABLE}.files + excluded.files"""
_UNNESTED: Final = "SELECT * FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[])"


@dataclass(slots=True)
class Use:
    """What one business stores."""

    bytes: int = 0
    files: int = 0

    def take(self, attachments: Collection[Attachment]) -> None:
        """Add these files. Raise `too_large` if they would exceed a quota of the business."""
        wanted = Use(self.bytes + sum(one.size for one in attachments), self.files + len(attachments))
        if wanted.bytes > (limit := limits().business_attachment_bytes):
            raise DomainError("too_large", "This business has no space left for files.", {"limit": limit})
        if wanted.files > (limit := limits().business_attachments):
            raise DomainError("too_large", "This business has too many files.", {"limit": limit})
        self.bytes, self.files = wanted.bytes, wanted.files


def ask_use(conversation_ids: Collection[UUID]) -> Callable[[], dict[UUID, Use]]:
    """Ask what the businesses of these conversations store. A business without files is missing."""
    if not conversation_ids:
        return dict
    businesses = Conversation.objects.filter(pk__in=conversation_ids).values("business_id")
    found = StorageUse.objects.filter(pk__in=businesses).values_list("business_id", "bytes", "files")
    rows = ask_rows(found)
    return lambda: {key: Use(size, files) for key, size, files in rows()}


def use_of(business_id: UUID) -> Use:
    found = StorageUse.objects.filter(pk=business_id).values_list("bytes", "files").first()
    return Use(*found) if found is not None else Use()


def add_use(claimed: Iterable[Attachment]) -> None:
    """Count files that a business has got. Call it at the end of the transaction.

    The rows are locked in the order of their ids, and after all others, so that two transactions cannot deadlock.
    """
    added: dict[UUID, Use] = {}
    for attachment in claimed:
        assert attachment.business_id is not None  # it has just been claimed
        use = added.setdefault(attachment.business_id, Use())
        use.bytes, use.files = use.bytes + attachment.size, use.files + 1
    if not added:
        return
    keys = sorted(added)
    uses = [added[key] for key in keys]
    if connection.vendor == "postgresql":
        columns = [uuids(keys), numbers(use.bytes for use in uses), numbers(use.files for use in uses)]
        tell(_ADD.format(rows=_UNNESTED), columns)
        return
    convert = converter(StorageUse, "business_id")
    values: list[Any] = []
    for key, use in zip(keys, uses, strict=True):
        values += [convert(key), use.bytes, use.files]
    tell(_ADD.format(rows=f"VALUES {', '.join(['(%s, %s, %s)'] * len(keys))}"), values)
