"""Export and erase a person's notifications, invitations and offers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from chatsite.identity.names import email_of
from chatsite.realtime.broadcast import broadcast_on_commit
from conversations.access import UserId
from conversations.moderation import erasure, exports
from notifications import access, events, types
from notifications.inbox import lock_inboxes, take_rev, unread_rows
from notifications.models import Invitation, Notification, Offer
from notifications.serializers import (
    InvitationObject,
    NotificationObject,
    OfferObject,
    invitation_data,
    invitation_object,
    notification_object,
    offer_data,
    offer_object,
)

PAGE = 500
FORGOTTEN: Final = "erased@account.invalid"  # instead of the address of an erased person


# --- Export -----------------------------------------------------------------------------------------------------------


def notification_lines(user_id: UserId) -> Iterator[NotificationObject]:
    rows = Notification.objects.filter(recipient_id=user_id, deleted_at=None).order_by("created_rev")
    return map(notification_object, rows.iterator(chunk_size=PAGE))


def invitation_lines(user_id: UserId) -> Iterator[InvitationObject]:
    """Yield the person's invitations, with those to the person's address that nobody has accepted."""
    user = get_user_model()._default_manager.get(pk=user_id)
    mine = Q(invitee_id=user_id) | Q(inviter_id=user_id)
    if address := email_of(user).lower():
        mine |= Q(invitee=None, email=address)
    rows = access.invitations().filter(mine)
    return map(invitation_object, rows.order_by("pk").iterator(chunk_size=PAGE))


def offer_lines(user_id: UserId) -> Iterator[OfferObject]:
    return map(offer_object, _offers_of(user_id).order_by("pk").iterator(chunk_size=PAGE))


def _invitations_of(user_id: UserId) -> Any:
    return access.invitations().filter(Q(invitee_id=user_id) | Q(inviter_id=user_id))


def _offers_of(user_id: UserId) -> Any:
    offers = Offer.objects.select_related("conversation__business", "conversation__customer")
    return offers.filter(Q(author_id=user_id) | Q(conversation__customer_id=user_id))


# --- Erasure ----------------------------------------------------------------------------------------------------------


def forget_person(user_id: UserId) -> None:
    """Delete the person's notifications, remove the name from those of others, and close open invitations and offers.

    Runs in the transaction that empties the account. Running it again changes nothing.
    """
    invitations, offers = list(_invitations_of(user_id)), list(_offers_of(user_id))
    renamed = [*_renamed(invitations, offers)]
    lock_inboxes({user_id, *(row.recipient_id for row in renamed)})
    Notification.objects.filter(recipient_id=user_id).delete()
    for row in renamed:
        if row.recipient_id != user_id:
            _rewrite(row)
    now = timezone.now()
    pending = Q(status=Invitation.Status.PENDING)
    own = Invitation.objects.filter(pending, Q(invitee_id=user_id) | Q(inviter_id=user_id))
    own.update(status=Invitation.Status.REVOKED, answered_at=now)
    Invitation.objects.filter(invitee_id=user_id).update(email="")
    received = Offer.objects.filter(pending, conversation__customer_id=user_id)
    received.update(status=Offer.Status.WITHDRAWN, answered_at=now)
    Offer.objects.filter(author_id=user_id).update(author=None, client_id=None)


@transaction.atomic
def forget_address(address: str) -> None:
    """Remove the address from invitations that nobody has accepted, and revoke the open ones.

    The notifications about them are rewritten.
    """
    to_address = access.invitations().filter(invitee=None, email=address.lower())
    rows = list(to_address.select_for_update(of=("self",)).order_by("pk"))
    now = timezone.now()
    for row in rows:
        if row.status == Invitation.Status.PENDING:
            row.status, row.answered_at = Invitation.Status.REVOKED, now
        row.email = FORGOTTEN
        row.save(update_fields=["status", "answered_at", "email"])
    renamed = [*_renamed(rows, [])]
    lock_inboxes({notification.recipient_id for notification in renamed})
    for notification in renamed:
        _rewrite(notification)


def _renamed(invitations: list[Invitation], offers: list[Offer]) -> Iterator[Notification]:
    """Yield the notifications about these whose text has changed, with the new text, unsaved."""
    about = {f"invitation:{row.pk}": (types.TEAM_INVITATION, invitation_data(row)) for row in invitations}
    about |= {f"offer:{row.pk}": (types.OFFER, offer_data(row)) for row in offers}
    statuses = {*Invitation.Status.values, *Offer.Status.values}
    keys = [key + end for key in about for end in ("", *(f":{status}" for status in sorted(statuses)))]
    for start in range(0, len(keys), PAGE):
        for row in Notification.objects.filter(dedupe_key__in=keys[start : start + PAGE], deleted_at=None):
            kind, data = about[":".join((row.dedupe_key or "").split(":")[:2])]
            fresh = {**data, "status": row.data["status"]}
            if fresh != row.data:
                row.data, row.title = fresh, kind.title_of(fresh)[:200]
                yield row


def _rewrite(row: Notification) -> None:
    """Save the new text. The caller holds the lock of the inbox, but the recipient may have changed the row before."""
    row.refresh_from_db(fields=["read_at", "deleted_at"])
    if row.deleted_at is not None:
        return
    row.rev = take_rev(lock_inboxes([row.recipient_id])[row.recipient_id])
    row.save(update_fields=["rev", "title", "data"])
    count = unread_rows(row.recipient_id).count()
    broadcast_on_commit([events.notification(row, rev=row.rev, unread_count=count)])


erasure.forget_person.append(forget_person)
erasure.forget_address.append(forget_address)
exports.person_sections["notification"] = notification_lines
exports.person_sections["invitation"] = invitation_lines
exports.person_sections["offer"] = offer_lines
