"""From a host's token, or a guest's key, to a login of our own and the conversation with the business."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import msgspec
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from chatsite.errors import DomainError, invalid
from chatsite.identity import operations as identity
from chatsite.identity.accounts import NAME_LENGTH, keep_in_step, open_account
from chatsite.identity.claims import unauthenticated
from chatsite.identity.operations import TokenPair
from chatsite.identity.throttles import Attempt
from chatsite.realtime.broadcast import broadcast_on_commit
from chatsite.widget import access, host_token
from chatsite.widget.appearance import clean_text
from chatsite.widget.models import ExternalIdentity, WidgetSite
from conversations import events
from conversations import operations as conversations
from conversations.models import Conversation, Membership

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Kind = ExternalIdentity.Kind

UNNAMED: Final = {Kind.SIGNED: "Customer", Kind.GUEST: "Guest"}
UNKNOWN_GUEST: Final = "This guest is not known."


class Session(msgspec.Struct, frozen=True):
    """Our tokens, whose they are, and the conversation as the customer sees it."""

    tokens: TokenPair
    user: Any
    conversation: Conversation


def open_session(*, token: str) -> Session:
    """Exchange a host's token. It works once; a retry after a failure of ours may bring it again."""
    site, claims = host_token.read_host_token(token)
    name = clean_text((claims.name or "")[: 4 * NAME_LENGTH], field="name", limit=4 * NAME_LENGTH)
    email = _clean_email(claims.email or "")
    with host_token.use_once(site, claims):
        return _open(site, Kind.SIGNED, claims.subject, name, email)


def open_guest_session(*, slug: str, key: str | None, name: str) -> tuple[Session, str]:
    """Let a visitor in whom nobody vouches for, where the business allows it: the session, and the guest's key.

    The key is all that a guest has, and is as good as a password; we keep its hash. Without one a new guest is made.
    """
    site = access.find_shown(slug)
    if not site.guests_allowed:
        raise DomainError("forbidden", "This business talks to people who are signed in on its site.")
    name = clean_text(name, field="name", limit=NAME_LENGTH)
    if key is None:
        _count_guest(site)
        key = secrets.token_urlsafe(32)
        return _open(site, Kind.GUEST, _digest(key), name, ""), key
    subject = _digest(key)
    if not ExternalIdentity.objects.filter(site=site, kind=Kind.GUEST, subject=subject).exists():
        raise unauthenticated(UNKNOWN_GUEST)
    return _open(site, Kind.GUEST, subject, name, ""), key


def _count_guest(site: WidgetSite) -> None:
    """However many addresses they come from, so many new guests are no visitors any more."""
    attempt = Attempt("widget_guests_of_site", str(site.pk))
    if attempt.wait:
        raise DomainError("rate_limited", "Too many new guests.", {"retryAfter": round(attempt.wait, 3)})


def _digest(key: str) -> str:
    return sha256(key.encode("utf-8", "replace")).hexdigest()


def _clean_email(email: str) -> str:
    if email:
        column: Any = get_user_model()._meta.get_field(get_user_model().get_email_field_name())
        limit: int | None = column.max_length
        if limit is not None and len(email) > limit:
            raise invalid(f"The token's email has more than {limit} characters.", field="email")
        try:
            validate_email(email)
        except ValidationError as error:
            raise invalid("The token's email is not an address.", field="email") from error
    return email


@transaction.atomic
def _open(site: WidgetSite, kind: Kind, subject: str, name: str, email: str) -> Session:
    user, is_new = _visitor(site, kind, subject, name, email)
    if not is_new:
        _check_is_visitor(user)
        if keep_in_step(user_id=str(user.pk), name=name, email=email):
            user.refresh_from_db()
            _tell_name(user)
    tokens = identity.open_login(user_id=str(user.pk))
    conversation, _, _ = conversations.open_conversation(user_id=user.pk, business_id=str(site.business_id))
    return Session(tokens, user, conversation)


def _visitor(site: WidgetSite, kind: Kind, subject: str, name: str, email: str) -> tuple[User, bool]:
    """The visitor's account, made on first sight. Of two at once one makes it, and the other finds it."""
    known = ExternalIdentity.objects.select_related("user").filter(site=site, kind=kind, subject=subject)
    found = known.first()
    if found is None:
        try:
            with transaction.atomic():
                user = open_account(name=name or UNNAMED[kind], email=email)
                ExternalIdentity.objects.create(site=site, kind=kind, subject=subject, user=user)
                return user, True
        except IntegrityError:
            found = known.get()
    return found.user, False


def _check_is_visitor(user: User) -> None:
    """A host's word opens a visitor's account. One that was given rights since is for its owner to sign in to."""
    if user.is_staff or user.is_superuser or Membership.objects.filter(user=user).exists():
        raise DomainError("forbidden", "This account has rights that a widget does not open.")
    if not user.is_active:
        raise unauthenticated("This account is not active.")


def _tell_name(user: User) -> None:
    """Both sides' lists show the customer's name."""
    own = Conversation.objects.select_related("business", "customer").filter(customer=user)
    broadcast_on_commit(events.conversations_updated(own))
