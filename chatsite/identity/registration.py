"""What people do with their own account: make it, confirm its mail address, and choose a new password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.contrib.auth import login
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.translation import get_language

from chatsite.background.jobs import enqueue
from chatsite.errors import DomainError, not_found
from chatsite.identity.account_mails import read_confirmation, send_confirmation, send_password_links
from chatsite.identity.names import email_field, is_email_free
from chatsite.identity.operations import end_user_sessions
from chatsite.identity.throttles import Attempt, attempt_from_address

if TYPE_CHECKING:
    from django.contrib.auth.models import User

TOO_MANY: Final = "Too many requests. Please try again later."


def takes_email() -> bool:
    """Return whether people who make an account can give an address, which a mail then confirms."""
    return settings.CHAT_SENDS_MAIL and is_email_free()


def sign_up(*, request: HttpRequest, user: User, email: str = "") -> None:
    """Store a checked new account, and open a session for the browser that sent the request.

    The account gets the address once its owner has opened the link in the mail. Raise `conflict` if somebody else has
    taken the username meanwhile, and `rate_limited`.
    """
    if not settings.CHAT_SIGN_UP:
        raise PermissionDenied
    _charge(attempt_from_address("sign_up", request))
    try:
        with transaction.atomic():
            user.save()
            request_confirmation(user=user, email=email)
    except IntegrityError as error:
        raise DomainError("conflict", "This username is taken.") from error
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])


def request_confirmation(*, user: User, email: str) -> None:
    """Ask the owner of the address by mail whether the account may use it. "" asks nobody."""
    if email and takes_email() and not Attempt("account_mail", email.lower()).wait:
        enqueue(send_confirmation, str(user.pk), email, get_language() or settings.LANGUAGE_CODE)


def confirm_email(*, token: str) -> Any:
    """Give the account of the token the address of the token. Return the user. Repeating it changes nothing."""
    confirmed = read_confirmation(token)
    if confirmed is None or not is_email_free():
        raise not_found("link")
    user, email = confirmed
    setattr(user, str(email_field()), email)
    user.save(update_fields=[email_field()])
    return user


def request_new_password(*, request: HttpRequest, email: str) -> None:
    """Send links to the accounts with this address, if there are any. Raise `rate_limited`."""
    _charge(attempt_from_address("password_reset", request))
    if not Attempt("account_mail", email.lower()).wait:
        enqueue(send_password_links, email, get_language() or settings.LANGUAGE_CODE)


@transaction.atomic
def set_new_password(*, user: User, password: str) -> None:
    """Change the password, and end every login and live socket of the user."""
    end_user_sessions(user_id=str(user.pk))
    user.set_password(password)
    user.save(update_fields=["password"])


def _charge(attempt: Attempt) -> None:
    if attempt.wait:
        raise DomainError("rate_limited", TOO_MANY, {"retryAfter": round(attempt.wait, 3)})
