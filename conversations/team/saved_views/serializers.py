"""The wire objects of saved views, and the bodies of their requests."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec

from chatsite.struct_schema import documented
from conversations.models import SavedView
from conversations.requests import RowId
from conversations.serializers import WireObject
from conversations.team.requests import Name
from conversations.team.serializers import PriorityName, StatusName

SEARCH_LENGTH: Final = 100

ScopeName = Literal["private", "business"]
PriorityFilter = PriorityName | Literal["none"]


class ViewFilters(WireObject, kw_only=True, omit_defaults=True):
    """The filters of `GET /chat/conversations` that a view can have, by their names there."""

    status: StatusName | None = None
    assignee: str | None = None
    label: str | None = None
    group: str | None = None
    priority: PriorityFilter | None = None
    unread: bool = False
    archived: bool = False
    search: Annotated[str, documented(maxLength=SEARCH_LENGTH)] = ""


class SavedViewObject(WireObject, kw_only=True):
    """A view of the whole business, or a private one of the reader. `editable`: the reader may change it."""

    example = {"name": "Urgent", "filters": {"status": "open", "priority": "urgent"}}

    id: UUID
    business_id: UUID
    scope: ScopeName
    name: str
    filters: ViewFilters
    editable: bool
    created_at: datetime
    updated_at: datetime


class SavedViewBody(WireObject, kw_only=True):
    """`filters` has at least one filter."""

    example = {"name": "Urgent", "filters": {"status": "open", "priority": "urgent"}}

    business_id: RowId
    name: Name
    filters: ViewFilters
    scope: ScopeName = "private"


class SavedViewChange(WireObject, kw_only=True):
    """What is left out stays. `filters` replaces all of them."""

    example = {"name": "Urgent"}

    name: Name | msgspec.UnsetType = msgspec.UNSET
    filters: ViewFilters | msgspec.UnsetType = msgspec.UNSET


def saved_view_object(view: SavedView, *, editable: bool) -> SavedViewObject:
    return SavedViewObject(
        id=view.pk,
        business_id=view.business_id,
        scope="business" if view.owner_id is None else "private",
        name=view.name,
        filters=filters_of(view),
        editable=editable,
        created_at=view.created_at,
        updated_at=view.updated_at,
    )


def filters_of(view: SavedView) -> ViewFilters:
    stored: dict[str, Any] = {**view.filters}
    if view.label_id is not None:
        stored["label"] = str(view.label_id)
    if view.group_id is not None:
        stored["group"] = str(view.group_id)
    return msgspec.convert(stored, ViewFilters)
