"""Mark offers and invitations as expired and notify both sides. Delete old invitations to an address.

Readers treat an unmarked one as expired too once its time is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from chatsite.background.jobs import job
from chatsite.background.recurring import every
from chatsite.config.queues import HOUSEKEEPING_QUEUE
from notifications.invitations import expire_invitation
from notifications.mail_invitations import REFUSED_FOR
from notifications.models import Invitation, Offer
from notifications.offers import expire_offer

_EXPIRE: Final[dict[type[Invitation | Offer], Callable[[UUID], bool]]] = {
    Invitation: expire_invitation,
    Offer: expire_offer,
}


def lapsed(model: type[Invitation | Offer]) -> QuerySet[Any]:
    """Pending rows whose time is over, oldest expiry first."""
    pending = model._default_manager.filter(status=model.Status.PENDING, expires_at__lte=timezone.now())
    return pending.order_by("expires_at", "pk")


def expire_lapsed(model: type[Invitation | Offer], *, batch: int) -> Iterator[int]:
    """Expire the rows, each in its own transaction because each locks inboxes. Yield the number expired per batch.

    Rows that were answered, withdrawn or expired in the meantime are not counted.
    """
    while keys := list(lapsed(model).values_list("pk", flat=True)[:batch]):
        yield sum(_EXPIRE[model](key) for key in keys)


@job(queue=HOUSEKEEPING_QUEUE, attempts=1)
def delete_unaccepted() -> None:
    """Delete invitations to an address that nobody has accepted, once nobody asks any more whether they were declined.

    The address may belong to somebody who has no account, and whom nobody could erase.
    """
    ended = Invitation.objects.filter(invitee=None, answered_at__lt=timezone.now() - REFUSED_FOR).order_by()
    while keys := list(ended.values_list("pk", flat=True)[:500]):
        Invitation.objects.filter(pk__in=keys).delete()


every(timedelta(hours=6), delete_unaccepted)
