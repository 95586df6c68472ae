"""Which saved views a member sees and may change."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q, QuerySet

from chatsite.errors import not_found
from conversations import access
from conversations.access import UserId, object_key
from conversations.models import Membership, SavedView
from conversations.team.access import find_membership
from conversations.team.authored_rows import may_change
from conversations.team.saved_views.serializers import SavedViewObject, saved_view_object


def visible_views(user_id: UserId) -> QuerySet[SavedView]:
    """Return the views of the businesses that the user is a member of, and the user's private ones there."""
    return _views_in(user_id, access.load_actor(user_id).businesses)


def _views_in(user_id: UserId, mine: Collection[UUID]) -> QuerySet[SavedView]:
    rows = SavedView.objects.filter(Q(owner=None) | Q(owner_id=user_id), business_id__in=mine)
    return rows.filter(label__removed_at=None, group__removed_at=None)  # jobs delete the others


def views_of(user_id: UserId, business_id: str) -> tuple[QuerySet[SavedView], Membership]:
    membership = find_membership(user_id, business_id)
    return visible_views(user_id).filter(business=membership.business_id), membership


def find_view(user_id: UserId, raw_id: str, *, lock: bool = False) -> tuple[SavedView, Membership]:
    """Return a view that the user sees, and the user's membership of its business."""
    key = object_key(raw_id, "view")
    rows = SavedView.objects.select_for_update(no_key=True) if lock else SavedView.objects.all()
    view = rows.filter(pk=key, pk__in=visible_views(user_id).values("pk")).first()
    if view is None:
        raise not_found("view")
    return view, find_membership(user_id, view.business_id)


def shown(membership: Membership, view: SavedView) -> SavedViewObject:
    return saved_view_object(view, editable=may_change(view, membership))


def views_of_member(user_id: UserId) -> list[SavedViewObject]:
    """Return the views of all businesses of the user, by name. Runs two queries."""
    memberships = {row.business_id: row for row in Membership.objects.filter(user_id=user_id)}
    if not memberships:
        return []
    rows = _views_in(user_id, memberships).order_by("name", "pk")
    return [shown(memberships[row.business_id], row) for row in rows]
