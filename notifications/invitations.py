"""Invite users to join a business, and answer invitations. Each is settled once, under its row's lock.

`mail_invitations.py` invites by an e-mail address.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from chatsite.errors import DomainError, invalid, not_found
from chatsite.identity.users import find_by_username
from chatsite.realtime.user_limit import charge
from conversations.access import UserId, require_owner, user_key
from conversations.block_rules import blockers_among
from conversations.contacts import may_contact
from conversations.member_rules import check_member
from conversations.membership import add_member
from conversations.models import Block, Business, Conversation, Membership
from notifications import access, operations, types
from notifications.inbox import lock_inboxes
from notifications.models import Invitation
from notifications.serializers import invitation_data

LASTS: Final = timedelta(days=14)
RECENT: Final = timedelta(days=1)
MOST_RECENT: Final = 3  # invitations of one business to one user within `RECENT`
CHARGE: Final = 10.0  # what an operation that notifies others takes from the user's rate limit

PENDING, EXPIRED = Invitation.Status.PENDING, Invitation.Status.EXPIRED
ACCEPTED, DECLINED, REVOKED = (
    Invitation.Status.ACCEPTED,
    Invitation.Status.DECLINED,
    Invitation.Status.REVOKED,
)


def _dedupe_key(invitation: Invitation) -> str:
    """Return the `dedupe_key` of the invitee's notification."""
    return f"invitation:{invitation.pk}"


# --- Inviting ---------------------------------------------------------------------------------------------------------


def invite(
    *,
    inviter_id: UserId,
    business_id: str | UUID,
    username: str | None = None,
    user_id: str | None = None,
    role: str = Membership.Role.AGENT,
) -> Invitation:
    """Invite a user to join the business and notify the user. Only an owner can do this."""
    check_role(role)
    charge(str(inviter_id), CHARGE)
    with transaction.atomic():
        business = require_owner(inviter_id, business_id)
        invitee = _find_invitee(business, username, user_id)
        access.lock_users({inviter_id, invitee.pk})  # so that a block that is committed holds
        access.lock_owner(inviter_id, business.pk)
        _check_may_join(business, invitee, inviter_id)
        _check_recent(business, invitee)
        invitation = _create(business, inviter_id, invitee, role)
        operations.notify(
            recipient_id=invitee.pk,
            type=types.TEAM_INVITATION.name,
            data=invitation_data(invitation),
            dedupe_key=_dedupe_key(invitation),
        )
    return invitation


def check_role(role: str) -> None:
    if role not in Membership.Role.values:
        raise invalid(f"role must be one of {', '.join(Membership.Role.values)}.", field="role")


def _find_invitee(business: Business, username: str | None, user_id: str | None) -> Any:
    """Find the user by username, or by id if the business may contact the user. Anybody could try ids one by one."""
    if (username is None) == (user_id is None):
        raise invalid("Set one of username, userId and email.", field="username")
    if user_id is not None:
        key = user_key(user_id)
        users = get_user_model()._default_manager
        found = users.filter(pk=key).first() if may_contact(business.pk, key) else None
    else:
        found = find_by_username(username or "")
    if found is None or not found.is_active:
        raise not_found("user")
    return found


def _check_may_join(business: Business, invitee: Any, inviter_id: UserId) -> None:
    if invitee.pk == inviter_id:
        raise invalid("You cannot invite yourself.", field="username")
    if Membership.objects.filter(business=business, user=invitee).exists():
        raise DomainError("conflict", "The user is already a member of the business.")
    if Conversation.objects.filter(business=business, customer=invitee).exists():
        raise DomainError("conflict", "A customer of the business cannot become its member.")
    check_member(invitee.pk, business.pk)
    if blockers_among([invitee.pk], inviter_id):
        raise DomainError("forbidden", "You cannot invite this person at the moment.")


def _check_recent(business: Business, invitee: Any) -> None:
    """Limit how often a business can invite the same person."""
    invited = Invitation.objects.filter(business=business, invitee=invitee)
    check_count(invited, MOST_RECENT, "The business has invited this user several times today.")


def check_count(earlier: QuerySet[Invitation], most: int, message: str) -> None:
    """Raise `rate_limited` if so many of these were made within a day."""
    since = timezone.now() - RECENT
    recent = earlier.filter(created_at__gt=since).order_by("-created_at")
    times = list(recent.values_list("created_at", flat=True)[:most])
    if len(times) == most:
        wait = (times[-1] - since).total_seconds()
        raise DomainError("rate_limited", f"{message} Try again tomorrow.", {"retryAfter": round(wait, 3)})


def _create(business: Business, inviter_id: UserId, invitee: Any, role: str) -> Invitation:
    return create_once(Invitation(business=business, inviter_id=inviter_id, invitee=invitee, role=role))


def create_once(row: Invitation) -> Invitation:
    """Store a new invitation. Raise `conflict` if the same person or address has an open one."""
    now = timezone.now()
    to_same = {"email": row.email} if row.email else {"invitee": row.invitee}
    earlier = Invitation.objects.filter(business=row.business, status=PENDING, **to_same)
    for lapsed in earlier.filter(expires_at__lte=now):
        expire_invitation(lapsed.pk)
    row.created_at, row.expires_at = now, now + LASTS
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:  # invitation_pending_once, invitation_by_mail_once
        details = {"field": "email"} if row.email else None
        raise DomainError(
            "conflict", "There is already an open invitation to the business.", details
        ) from error
    return access.invitations().get(pk=row.pk)


# --- Answers ----------------------------------------------------------------------------------------------------------


def accept(*, user_id: UserId, invitation_id: str | UUID) -> Invitation:
    """Add the invited user to the business. Open sockets gain access at once. Repeating changes nothing."""
    return _settle(user_id, invitation_id, ACCEPTED)


def decline(*, user_id: UserId, invitation_id: str | UUID) -> Invitation:
    """Decline the invitation as the invited user. Repeating changes nothing."""
    return _settle(user_id, invitation_id, DECLINED)


def revoke(*, user_id: UserId, invitation_id: str | UUID) -> Invitation:
    """Revoke the invitation as an owner of the business. Repeating changes nothing."""
    charge(str(user_id), CHARGE)
    return _settle(user_id, invitation_id, REVOKED)


def _settle(user_id: UserId, invitation_id: str | UUID, status: str) -> Invitation:
    with transaction.atomic():
        seen = access.find_invitation(user_id, invitation_id)
        if status == REVOKED:
            access.require_inviting_side(user_id, seen)
        else:
            access.require_invitee(user_id, seen)
        invitation = settle(seen, status)
    require_settled(invitation, status)
    return invitation


def settle(seen: Invitation, status: str) -> Invitation:
    """Give an open invitation the status, or the one that it must have instead. The caller has checked who asks.

    Whoever accepts an invitation to an address is the invitee of `seen`. Call `require_settled` after the transaction,
    so that its error does not roll back an expiry or a revocation.
    """
    is_valid = status != ACCEPTED or _lock_inviter_right(seen)
    invitation = access.invitations().select_for_update(of=("self",)).get(pk=seen.pk)
    if invitation.status == PENDING:
        now = timezone.now()
        ended = EXPIRED if invitation.expires_at <= now else status if is_valid else REVOKED
        if ended == ACCEPTED:
            invitation.invitee = seen.invitee
        _save(invitation, ended, now)
    return invitation


def require_settled(invitation: Invitation, status: str) -> None:
    if invitation.status != status:
        raise DomainError(
            "conflict", f"The invitation is {invitation.status}.", {"status": str(invitation.status)}
        )


@transaction.atomic
def expire_invitation(invitation_id: UUID) -> bool:
    """Expire an invitation that nobody answered in time and notify both sides. Return whether it changed."""
    now = timezone.now()
    lapsed = access.invitations().filter(pk=invitation_id, status=PENDING, expires_at__lte=now)
    invitation = lapsed.select_for_update(of=("self",)).first()
    if invitation is None:
        return False
    _save(invitation, EXPIRED, now)
    return True


def _lock_inviter_right(invitation: Invitation) -> bool:
    """Lock the invitee and return whether the inviter still owns the business."""
    access.lock_users(_people(invitation))
    return access.lock_owner(invitation.inviter_id, invitation.business_id)


def revoke_after_lost_ownership(inviter_id: UserId, business_id: UUID | None = None) -> None:
    """Revoke the user's open invitations to businesses that the user no longer owns.

    Checks one business or all. Runs in the transaction that ends the ownership, with the user or the owners locked.
    """
    pending = access.invitations().filter(inviter_id=inviter_id, status=PENDING)
    owned = Membership.objects.filter(user_id=inviter_id, user__is_active=True, role=Membership.Role.OWNER)
    pending = pending.exclude(business__in=owned.values("business"))
    if business_id is not None:
        pending = pending.filter(business_id=business_id)
    invitations = list(pending.select_for_update(of=("self",)).order_by("pk"))
    lock_inboxes({user for row in invitations for user in _people(row)})
    now = timezone.now()
    for invitation in invitations:
        _save(invitation, REVOKED, now)


def _save(invitation: Invitation, status: str, now: datetime) -> None:
    invitation.status, invitation.answered_at = status, now
    invitation.save(update_fields=["status", "answered_at", "invitee"])
    if status == ACCEPTED:
        _join(invitation)
    lock_inboxes(_people(invitation))
    if invitation.invitee_id is not None:
        operations.mark_answered(recipient_id=invitation.invitee_id, dedupe_key=_dedupe_key(invitation))
    for user_id in sorted(_recipients(invitation), key=str):
        operations.notify(
            recipient_id=user_id,
            type=types.TEAM_INVITATION.name,
            data=invitation_data(invitation),
            dedupe_key=f"{_dedupe_key(invitation)}:{status}",
        )


def _people(invitation: Invitation) -> set[UserId]:
    """Return the users on both sides. An open invitation to an address has none on one of them."""
    return {user_id for user_id in (invitation.invitee_id, invitation.inviter_id) if user_id is not None}


def _recipients(invitation: Invitation) -> set[UserId]:
    """Return the side that did not cause the new status, unless it blocks the other. An expiry notifies both sides."""
    people = _people(invitation)
    if invitation.status != EXPIRED:
        people -= {invitation.inviter_id if invitation.status == REVOKED else invitation.invitee_id}
    return people - _blockers(invitation)


def _blockers(invitation: Invitation) -> set[UserId]:
    """Return who of the two people has blocked the other one or the business."""
    inviter_id, invitee_id = invitation.inviter_id, invitation.invitee_id
    blocks = Block.objects.filter(user_id__in=_people(invitation), blocked_business_id=invitation.business_id)
    return {
        *blockers_among([invitee_id], inviter_id),
        *blockers_among([inviter_id], invitee_id),
        *blocks.order_by().values_list("user_id", flat=True),
    }


def _join(invitation: Invitation) -> None:
    """Add the invitee to the business. A user who became a member in the meantime keeps that role."""
    business_id, user_id = invitation.business_id, invitation.invitee_id
    assert user_id is not None, "whoever accepts is the invitee"
    if not Membership.objects.filter(business_id=business_id, user_id=user_id).exists():
        add_member(business_id=business_id, user_id=user_id, role=invitation.role)
