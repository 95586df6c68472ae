"""Export and erase the saved views of a person. Those of the business stay, without their author."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from conversations.models import SavedView
from conversations.team.authored_gdpr import register_authored_rows
from conversations.team.saved_views.serializers import ViewFilters, filters_of


class SavedViewLine(msgspec.Struct, rename="camel"):
    business_id: UUID
    name: str
    filters: ViewFilters
    created_at: datetime


def saved_view_line(row: SavedView) -> SavedViewLine:
    return SavedViewLine(row.business_id, row.name, filters_of(row), row.created_at)


register_authored_rows(SavedView, section="savedView", line=saved_view_line)
