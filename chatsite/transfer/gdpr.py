"""Export of what imports keep about a person.

An erasure keeps the row. It holds only a digest of the id in the old system, and by it a later import refuses messages
of the erased person.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from chatsite.legacy_import.models import ImportedAccount
from conversations.access import UserId
from conversations.moderation import exports


class ImportedAccountLine(msgspec.Struct, rename="camel"):
    """The import that has created the person's account."""

    source: str
    created_at: datetime


def imported_account_lines(user_id: UserId) -> Iterator[ImportedAccountLine]:
    for row in ImportedAccount.objects.select_related("source").filter(user_id=user_id):
        yield ImportedAccountLine(row.source.source, row.created_at)


exports.person_sections["importedAccount"] = imported_account_lines
