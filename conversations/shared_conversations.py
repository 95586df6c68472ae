"""Who may see that somebody is there: people who share a conversation, unless one blocks the other."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, TypeAlias

from django.db.models import Exists, F, OuterRef, QuerySet

from chatsite.errors import DomainError
from conversations.access import UserId, user_key
from conversations.models import Block, Membership

Pair: TypeAlias = tuple[str, str]  # a viewer, and whom the viewer sees


def shares_conversation(user_id: str, other_ids: Iterable[str]) -> set[str]:
    """Return the users among the others who share a conversation with the user, and do not block the user there.

    Runs one query.
    """
    others = set()
    for raw in other_ids:
        try:
            others.add(user_key(raw))
        except DomainError:
            continue  # an invalid id is treated like a user whom the caller may not see
    return {seen for _, seen in visible_pairs([user_key(user_id)], others)}


def visible_pairs(viewer_ids: Collection[UserId], seen_ids: Collection[UserId]) -> set[Pair]:
    """Return who of the viewers may see the presence of whom. Runs one query."""
    if not viewer_ids or not seen_ids:
        return set()
    of_viewers = Membership.objects.filter(user_id__in=viewer_ids).order_by()
    of_seen = Membership.objects.filter(user_id__in=seen_ids).order_by()
    colleagues = of_viewers.filter(business__memberships__user_id__in=seen_ids)
    customers = of_viewers.filter(
        business__conversations__customer_id__in=seen_ids, business__conversations__business_blocked=False
    )
    members = of_seen.filter(
        business__conversations__customer_id__in=viewer_ids, business__conversations__customer_blocked=False
    )
    found = _pairs(colleagues, "user_id", "business__memberships__user_id").union(
        _pairs(customers, "user_id", "business__conversations__customer_id"),
        _pairs(members, "business__conversations__customer_id", "user_id"),
    )
    return {(str(viewer), str(seen)) for viewer, seen in found if viewer != seen}


def _pairs(rows: QuerySet[Membership], viewer: str, seen: str) -> QuerySet[Any, Any]:
    """Return the pairs of these columns, without viewers whom the other person has blocked."""
    named = rows.annotate(viewer=F(viewer), seen=F(seen))
    blocks = Block.objects.filter(
        user_id=OuterRef("seen"), blocked_user_id=OuterRef("viewer"), for_business=None
    )
    return named.filter(~Exists(blocks)).values_list("viewer", "seen")
