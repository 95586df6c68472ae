"""What groups and labels have in common: a business has a limited number of them, and each name only once."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import IntegrityError, transaction

from chatsite.errors import DomainError, not_found
from conversations import access
from conversations.access import UserId, object_key
from conversations.models import Business, Label, TeamGroup

Row = TypeVar("Row", Label, TeamGroup)


def find_named(model: type[Row], user_id: UserId, raw_id: str, kind: str) -> Row:
    """Return a row of a business that the user is a member of, locked."""
    mine: Any = access.load_actor(user_id).businesses
    rows = model._default_manager.select_for_update(no_key=True)
    row = rows.filter(business_id__in=mine, removed_at=None, pk=object_key(raw_id, kind)).first()
    if row is None:
        raise not_found(kind)
    return row


def check_number(model: type[Row], business: Business, *, most: int, kinds: str) -> None:
    """Lock the business, so that of two requests at once the second counts the row of the first."""
    Business.objects.select_for_update(no_key=True).get(pk=business.pk)
    if model._default_manager.filter(business=business, removed_at=None).count() >= most:
        raise DomainError("conflict", f"A business can have at most {most} {kinds}.")


def save_named(row: Row, kind: str) -> Row:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise DomainError("conflict", f"The business already has a {kind} with this name.") from error
    return row
