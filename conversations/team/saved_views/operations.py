"""What members do with saved views."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec
from django.db import IntegrityError, transaction
from django.utils import timezone

from chatsite.errors import DomainError, invalid
from conversations.access import UserId, object_key
from conversations.models import Label, Membership, SavedView, TeamGroup
from conversations.team.access import find_membership, lock_members
from conversations.team.authored_rows import check_number, require_changeable
from conversations.team.filters import NAMES, NONE, team_filter
from conversations.team.naming import clean_name
from conversations.team.saved_views import queries
from conversations.team.saved_views.serializers import (
    SEARCH_LENGTH,
    SavedViewBody,
    SavedViewChange,
    ViewFilters,
)
from conversations.validation import clean_text

MOST_OF_BUSINESS: Final = 100
MOST_OF_MEMBER: Final = 50

Named = TypeVar("Named", Label, TeamGroup)


def save_view(*, user_id: UserId, body: SavedViewBody) -> tuple[SavedView, Membership]:
    membership, name = find_membership(user_id, body.business_id), clean_name(body.name)
    owner_id = user_id if body.scope == "private" else None
    with transaction.atomic():
        view = SavedView(business=membership.business, owner_id=owner_id, name=name)
        view.created_by_id = user_id
        _set_filters(view, membership, body.filters)  # locks members, which come before the business
        check_number(SavedView, membership, owner_id, of_business=MOST_OF_BUSINESS, of_member=MOST_OF_MEMBER)
        _save(view)
    return view, membership


def change_view(*, user_id: UserId, view_id: str, body: SavedViewChange) -> tuple[SavedView, Membership]:
    """Rename the view or replace its filters, as its author or as an owner of the business."""
    if body == SavedViewChange():
        raise invalid("Set name or filters.", field="name")
    with transaction.atomic():
        view, membership = _find_changeable(user_id, view_id)
        if body.name is not msgspec.UNSET:
            view.name = clean_name(body.name)
        if body.filters is not msgspec.UNSET:
            _set_filters(view, membership, body.filters)
        view.updated_at = timezone.now()
        _save(view)
    return view, membership


def delete_view(*, user_id: UserId, view_id: str) -> None:
    with transaction.atomic():
        view, _ = _find_changeable(user_id, view_id)
        view.delete()


def _find_changeable(user_id: UserId, view_id: str) -> tuple[SavedView, Membership]:
    view, membership = queries.find_view(user_id, view_id, lock=True)
    require_changeable(view, membership)
    return view, membership


def _set_filters(view: SavedView, membership: Membership, filters: ViewFilters) -> None:
    """Check the filters against the business, inside the transaction that stores them."""
    team = {name: value for name in NAMES if (value := getattr(filters, name))}
    if not (team or filters.unread or filters.archived or filters.search.strip()):
        raise invalid("Set at least one filter.", field="filters")
    if filters.unread and filters.archived:
        raise invalid("A view can show unread or archived conversations, but not both.", field="archived")
    clean_text(filters.search, field="search", limit=SEARCH_LENGTH)
    team_filter(membership.user_id, team)
    if filters.assignee and filters.assignee not in ("me", NONE):
        lock_members(membership.business_id, [filters.assignee], field="assignee")
    group = None if filters.group in (None, "", NONE) else filters.group
    view.label = _own(Label, membership, filters.label, "label")
    view.group = _own(TeamGroup, membership, group, "group")
    in_columns = {"label"} if group is None else {"label", "group"}
    given: dict[str, Any] = msgspec.to_builtins(filters)
    view.filters = {name: value for name, value in given.items() if value and name not in in_columns}


def _own(model: type[Named], membership: Membership, raw: str | None, field: str) -> Named | None:
    """Return the label or group of the business, and keep its row until the end of the transaction."""
    if not raw:
        return None
    rows = model._default_manager.select_for_update(no_key=True)
    found = rows.filter(pk=object_key(raw, field), business_id=membership.business_id, removed_at=None)
    row = found.first()
    if row is None:
        raise invalid(f"{field} must be an id of this business.", field=field)
    return row


def _save(view: SavedView) -> None:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as error:
        message = "A view with this name already exists."
        raise DomainError("conflict", message, {"field": "name"}) from error
