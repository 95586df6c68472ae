"""Tell the reports which messages of a conversation come from an old system."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from chatsite.legacy_import.models import LegacyImport, LegacyRow
from conversations.writing.imports import imported_in


def ids_of_imported(conversation_id: UUID) -> Collection[UUID]:
    # With the sources, the database can use the index by source and conversation.
    sources = list(LegacyImport.objects.values_list("pk", flat=True))
    rows = LegacyRow.objects.filter(source__in=sources, conversation_id=conversation_id)
    return rows.values_list("object_id", flat=True)


imported_in.append(ids_of_imported)
