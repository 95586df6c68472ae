"""Offers and invitations whose time is over: settled, so that whoever has them on the screen is told.

One that nobody settled counts as expired all the same, wherever it is read or answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from notifications.invitations import expire_invitation
from notifications.models import Invitation, Offer
from notifications.offers import expire_offer

EXPIRE: Final[dict[type[Invitation | Offer], Callable[[UUID], bool]]] = {
    Invitation: expire_invitation,
    Offer: expire_offer,
}


def lapsed(model: type[Invitation | Offer]) -> QuerySet[Any]:
    """Those of which the time is over and that nobody settled, the longest over first."""
    pending = model._default_manager.filter(status=model.Status.PENDING, expires_at__lte=timezone.now())
    return pending.order_by("expires_at", "pk")


def expire_lapsed(model: type[Invitation | Offer], *, batch: int) -> Iterator[int]:
    """Settle them, each in a transaction of its own, since each locks people's inboxes. Yields how many of each batch
    were left to settle; the others were answered or withdrawn meanwhile, or settled by another run."""
    while keys := list(lapsed(model).values_list("pk", flat=True)[:batch]):
        yield sum(EXPIRE[model](key) for key in keys)
