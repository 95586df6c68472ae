"""Invite people to a business by their e-mail address, and answer by the link in the mail.

The inviter gets the same answer whether an account has the address or not. Who may join is decided when somebody
accepts. The link can be used once, by an account with the address or without any. An account without one does not get
this address: whoever reads its mails could otherwise hand on the link, and then choose a new password for the account.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language

from chatsite.background.jobs import enqueue
from chatsite.errors import DomainError, invalid, not_found
from chatsite.identity.names import email_of
from chatsite.identity.throttles import Attempt
from chatsite.realtime.user_limit import charge
from conversations.access import UserId, require_owner
from conversations.models import Business, Membership
from notifications import access
from notifications.delivery.addresses import is_set_up
from notifications.delivery.links import has_pages
from notifications.delivery.models import Channel
from notifications.invitation_mails import SALT, send_invitation
from notifications.invitations import (
    ACCEPTED,
    CHARGE,
    DECLINED,
    MOST_RECENT,
    PENDING,
    check_count,
    check_role,
    create_once,
    invite,
    require_settled,
    settle,
)
from notifications.models import Invitation
from notifications.serializers import InviteBody

MOST_MAILS: Final = 50  # invitations by mail of one business within a day
REFUSED_FOR: Final = timedelta(days=30)  # a business leaves alone who has declined


# --- Inviting ---------------------------------------------------------------------------------------------------------


def invite_somebody(inviter_id: UserId, body: InviteBody) -> Invitation:
    """Invite the person whom the body names, by username, id or address."""
    if body.email is None:
        return invite(
            inviter_id=inviter_id,
            business_id=body.business_id,
            username=body.username,
            user_id=body.user_id,
            role=body.role,
        )
    if body.username is not None or body.user_id is not None:
        raise invalid("Set one of username, userId and email.", field="email")
    return invite_by_mail(
        inviter_id=inviter_id, business_id=body.business_id, email=body.email, role=body.role
    )


def takes_addresses() -> bool:
    """Whether the site sends mails, and serves the page that their links lead to."""
    return is_set_up(Channel.EMAIL) and has_pages()


def invite_by_mail(*, inviter_id: UserId, business_id: str | UUID, email: str, role: str) -> Invitation:
    """Send an invitation to an address. Only an owner can do this."""
    check_role(role)
    address = _clean_address(email)
    if not takes_addresses():
        raise _refused("This site sends no e-mails. Invite by username.")
    charge(str(inviter_id), CHARGE)
    with transaction.atomic():
        business = require_owner(inviter_id, business_id)
        access.lock_owner(inviter_id, business.pk)
        _check_recent(business, address)
        new = Invitation(business=business, inviter_id=inviter_id, email=address, role=role)
        invitation = create_once(new)
        _charge_address(address)
        enqueue(send_invitation, str(invitation.pk), get_language() or "")
    return invitation


def _clean_address(email: str) -> str:
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise invalid("email must be an e-mail address.", field="email") from error
    if len(address) > 254 or address.endswith(".invalid"):
        raise invalid("email must be an e-mail address.", field="email")
    return address


def _refused(message: str) -> DomainError:
    return DomainError("conflict", message, {"field": "email"})


def _check_recent(business: Business, address: str) -> None:
    """Limit the mails to one address, and the mails of one business."""
    by_mail = Invitation.objects.filter(business=business).exclude(email="")
    same = by_mail.filter(email=address)
    declined = same.filter(status=DECLINED, answered_at__gt=timezone.now() - REFUSED_FOR)
    if declined.exists():
        raise _refused("Somebody with this address has declined an invitation lately.")
    check_count(same, MOST_RECENT, "The business has invited this address several times today.")
    check_count(by_mail, MOST_MAILS, "The business has sent many invitations today.")


def _charge_address(address: str) -> None:
    """Limit the mails to one address of all businesses. Requests that send none do not count."""
    if wait := Attempt("invitation_mail", address).wait:
        message = "This address has got many invitations lately. Try again later."
        raise DomainError("rate_limited", message, {"retryAfter": round(wait, 3)})


# --- Answers ----------------------------------------------------------------------------------------------------------


def find_by_token(token: str) -> Invitation:
    """Return the invitation that the link in a mail names, in whatever status. Raise `not_found`."""
    try:
        key: Any = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise not_found("invitation") from error
    found = access.invitations().filter(pk=key).exclude(email="").first()
    if found is None:
        raise not_found("invitation")
    return found


def accept_by_link(*, user: Any, token: str) -> Invitation:
    """Add the user to the business. Repeating changes nothing."""
    with transaction.atomic():
        seen = find_by_token(token)
        if seen.status == PENDING:
            _check_may_accept(seen, user)
            seen.invitee = user
        elif seen.invitee_id != user.pk:
            raise _answered(seen)
        invitation = settle(seen, ACCEPTED)
    require_settled(invitation, ACCEPTED)
    if invitation.invitee_id != user.pk:  # another account was faster
        raise _answered(invitation)
    return invitation


def decline_by_link(*, token: str) -> Invitation:
    """Decline the invitation. Whoever has the link can do it without an account. Repeating changes nothing."""
    with transaction.atomic():
        invitation = settle(find_by_token(token), DECLINED)
    require_settled(invitation, DECLINED)
    return invitation


def has_another_address(user: Any, invitation: Invitation) -> bool:
    """Return whether the invitation is for another person than the user."""
    return email_of(user).lower() not in ("", invitation.email)


def _check_may_accept(invitation: Invitation, user: Any) -> None:
    if has_another_address(user, invitation):
        raise DomainError("forbidden", "The invitation is for another e-mail address.")
    members = Membership.objects.filter(business=invitation.business_id, user=user)
    if user.pk == invitation.inviter_id or members.exists():
        raise DomainError("conflict", "The user is already a member of the business.")


def _answered(invitation: Invitation) -> DomainError:
    return DomainError(
        "conflict", f"The invitation is {invitation.status}.", {"status": str(invitation.status)}
    )
