"""What canned answers and saved views have in common: each is of a whole business or private, and has an author."""

from __future__ import annotations

from typing import TypeVar

from chatsite.errors import DomainError
from conversations.access import UserId
from conversations.models import Business, CannedAnswer, Membership, SavedView

Row = TypeVar("Row", CannedAnswer, SavedView)


def may_change(row: Row, membership: Membership) -> bool:
    """Return whether the member may change the row: as an owner of the business, or as its author."""
    is_author = membership.user_id in (row.owner_id, row.created_by_id)
    return is_author or membership.role == Membership.Role.OWNER


def require_changeable(row: Row, membership: Membership) -> None:
    """Raise `forbidden` unless the member may change the row."""
    if not may_change(row, membership):
        raise DomainError("forbidden", "Only its author or an owner of the business can change it.")


def check_number(
    model: type[Row], membership: Membership, owner_id: UserId | None, *, of_business: int, of_member: int
) -> None:
    """Raise `conflict` if the business, or the owner of private rows, has as many as allowed.

    Locks the business: of two requests at the same time, the second counts the row of the first.
    """
    Business.objects.select_for_update(no_key=True).get(pk=membership.business_id)
    rows = model._default_manager.filter(business=membership.business_id, owner_id=owner_id)
    who, most = ("business", of_business) if owner_id is None else ("member", of_member)
    if rows.count() >= most:
        kinds = model._meta.verbose_name_plural
        raise DomainError("conflict", f"A {who} can have at most {most} {kinds}.")
