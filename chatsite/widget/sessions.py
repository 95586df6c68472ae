"""Exchange a host's token or a guest's key for a login, and open the conversation with the business."""

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
from chatsite.identity import registration
from chatsite.identity.accounts import NAME_LENGTH, open_account, update_account
from chatsite.identity.claims import unauthenticated
from chatsite.identity.operations import TokenPair
from chatsite.identity.throttles import Attempt
from chatsite.realtime.broadcast import broadcast_on_commit
from chatsite.widget import access, host_token, visitors
from chatsite.widget.appearance import clean_display_text
from chatsite.widget.models import ExternalIdentity, WidgetSite
from conversations import events
from conversations import operations as conversations
from conversations.models import Conversation, Membership

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Kind = ExternalIdentity.Kind

DEFAULT_NAMES: Final = {Kind.SIGNED: "Customer", Kind.GUEST: "Guest"}
BAD_EMAIL: Final = "The email is not a valid address."
UNKNOWN_GUEST: Final = "There is no guest with this key."


class Session(msgspec.Struct, frozen=True):
    """The tokens of a new login, its user, and the conversation with the business, if there is one."""

    tokens: TokenPair
    user: Any
    conversation: Conversation | None


def open_session(*, token: str, opens_conversation: bool = True) -> Session:
    """Exchange a host's token. It works once, but the client may retry with it after an error of this site.

    Without `opens_conversation` a visitor who has never written gets no conversation. The business does not see them.
    """
    site, claims = host_token.read_host_token(token)
    name = clean_display_text((claims.name or "")[: 4 * NAME_LENGTH], field="name", limit=4 * NAME_LENGTH)
    email = _clean_email(claims.email or "")
    with transaction.atomic():
        host_token.use_up(site, claims)
        session = _sign_in(site, Kind.SIGNED, claims.subject, name, email, opens_conversation)
        if claims.attributes is not None:
            visitors.keep_attributes(session.user, host_token.attribute_lines(claims.attributes))
        return session


def open_guest_session(
    *, slug: str, key: str | None, name: str, email: str = "", answer: str = ""
) -> tuple[Session, str]:
    """Sign in a guest, if the business allows guests. Return the session and the guest's key.

    The key is the guest's only credential, so only its hash is stored. Without a key this creates a guest. Nobody
    vouches for the e-mail address, so its owner is asked first.
    """
    site = access.find_enabled_site(slug)
    if not site.guests_allowed:
        raise DomainError("forbidden", "Please sign in on the site of this business to chat.")
    name = clean_display_text(name, field="name", limit=NAME_LENGTH)
    email = _clean_email(email)
    answer = clean_display_text(answer, field="answer", limit=visitors.ANSWER_LENGTH, lines=True)
    if key is None:
        _limit_new_guests(site)
        key = secrets.token_urlsafe(32)
    elif not _is_known_guest(site, key):
        raise unauthenticated(UNKNOWN_GUEST)
    with transaction.atomic():
        session = _sign_in(site, Kind.GUEST, _hash_key(key), name, "")
        registration.request_confirmation(user=session.user, email=email)
        if answer and site.asks_first and site.form_question:
            visitors.keep_answer(session.user, site.form_question, answer)
    return session, key


def _is_known_guest(site: WidgetSite, key: str) -> bool:
    subject = _hash_key(key)
    return ExternalIdentity.objects.filter(site=site, kind=Kind.GUEST, subject=subject).exists()


def _limit_new_guests(site: WidgetSite) -> None:
    """Limit the new guests of one widget, from any number of addresses. So many cannot be real visitors."""
    attempt = Attempt("widget_guests_of_site", str(site.pk))
    if attempt.wait:
        raise DomainError(
            "rate_limited",
            "Too many new guests at the moment. Please try again later.",
            {"retryAfter": round(attempt.wait, 3)},
        )


def _hash_key(key: str) -> str:
    return sha256(key.encode("utf-8", "replace")).hexdigest()


def _clean_email(email: str) -> str:
    if email:
        column: Any = get_user_model()._meta.get_field(get_user_model().get_email_field_name())
        limit: int | None = column.max_length
        if limit is not None and len(email) > limit:
            raise invalid(f"The email may have at most {limit} characters.", field="email")
        try:
            validate_email(email)
        except ValidationError as error:
            raise invalid(BAD_EMAIL, field="email") from error
        if not host_token.is_storable(email):
            raise invalid(BAD_EMAIL, field="email")
    return email


@transaction.atomic
def _sign_in(
    site: WidgetSite, kind: Kind, subject: str, name: str, email: str, opens_conversation: bool = True
) -> Session:
    user, is_new = _find_or_create_visitor(site, kind, subject, name, email)
    if not is_new:
        _check_is_visitor(user)
        if update_account(user_id=str(user.pk), name=name, email=email):
            user.refresh_from_db()
            _broadcast_name(user)
    tokens = identity.open_login(user_id=str(user.pk))
    return Session(tokens, user, _conversation(site, user, opens_conversation))


def _conversation(site: WidgetSite, user: User, opens_conversation: bool) -> Conversation | None:
    if opens_conversation:
        return conversations.open_conversation(user_id=user.pk, business_id=str(site.business_id))[0]
    own = Conversation.objects.select_related("business", "customer")
    return own.filter(customer=user, business_id=site.business_id).first()


def _find_or_create_visitor(
    site: WidgetSite, kind: Kind, subject: str, name: str, email: str
) -> tuple[User, bool]:
    """Return the visitor's account and whether it is new. Concurrent requests create it once."""
    known = ExternalIdentity.objects.select_related("user").filter(site=site, kind=kind, subject=subject)
    found = known.first()
    if found is None:
        try:
            with transaction.atomic():
                user = open_account(name=name or DEFAULT_NAMES[kind], email=email)
                ExternalIdentity.objects.create(site=site, kind=kind, subject=subject, user=user)
                return user, True
        except IntegrityError:
            found = known.get()
    return found.user, False


def _check_is_visitor(user: User) -> None:
    """Refuse an account that has received rights since it was created. A host's token must not open it."""
    if user.is_staff or user.is_superuser or Membership.objects.filter(user=user).exists():
        raise DomainError(
            "forbidden", "This account has rights on this site. Please sign in with its password."
        )
    if not user.is_active:
        raise unauthenticated("This account is not active.")


def _broadcast_name(user: User) -> None:
    """Update the customer's name in the conversation lists of both sides."""
    own = Conversation.objects.select_related("business", "customer").filter(customer=user)
    broadcast_on_commit(events.conversations_updated(own))
