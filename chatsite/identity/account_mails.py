"""Mails about an account: a link that confirms an address, and a link to choose a new password. Jobs send them.

The links are made when the mail is sent, so that no stored job contains one. Whoever asks for a new password gets the
same answer at the same time, whether there is such an account or not.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.tokens import default_token_generator
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext

from chatsite.background.jobs import job
from chatsite.config.queues import ACCOUNT_MAIL_QUEUE
from chatsite.http.site_url import site_url
from chatsite.identity.names import email_field
from chatsite.identity.password_tags import is_current, password_tag
from chatsite.identity.users import parse_user_key

SALT: Final = "chatsite.identity.confirm_email"


def confirmation_token(user: Any, email: str) -> str:
    """Make a token that ends with the account's present password and address, like every other credential."""
    content = {
        "user": str(user.pk),
        "email": email,
        "before": _email_of(user),
        "password": password_tag(user),
    }
    return signing.dumps(content, salt=SALT)


def read_confirmation(token: str) -> tuple[Any, str] | None:
    """Return the user and the address of a token. None: it is forged or has ended, or its user is gone."""
    try:
        content = signing.loads(token, salt=SALT, max_age=settings.PASSWORD_RESET_TIMEOUT)
    except signing.BadSignature:
        return None
    users = get_user_model()._default_manager.filter(pk=parse_user_key(content["user"]), is_active=True)
    user = users.first()
    if user is None or not is_current(content.get("password", ""), user):
        return None
    is_asked_for = _email_of(user) in (content["before"], content["email"])
    return (user, content["email"]) if is_asked_for else None


def _email_of(user: Any) -> str:
    return str(getattr(user, email_field() or "", "") or "")


@job(queue=ACCOUNT_MAIL_QUEUE)
def send_confirmation(user_id: str, email: str, language: str) -> None:
    """Ask the owner of the address whether the account may use it."""
    user = get_user_model()._default_manager.filter(pk=parse_user_key(user_id), is_active=True).first()
    if user is None:
        return
    link = reverse("web:confirm-email", args=[confirmation_token(user, email)])
    with translation.override(language):
        host = urlsplit(settings.SITE_URL).hostname or ""
        _send(
            email,
            subject=gettext("Confirm your e-mail address"),
            text=gettext("Somebody has entered this e-mail address on %(site)s.") % {"site": host},
            button=gettext("Confirm the address"),
            link=link,
        )


@job(queue=ACCOUNT_MAIL_QUEUE)
def send_password_links(email: str, language: str) -> None:
    """Send a link to each account with this address. People who sign in elsewhere have no password, and get none."""
    for user in PasswordResetForm().get_users(email):
        key = urlsafe_base64_encode(force_bytes(user.pk))
        link = reverse("web:new-password", args=[key, default_token_generator.make_token(user)])
        with translation.override(language):
            name = user.get_username()
            _send(
                getattr(user, user.get_email_field_name()),
                subject=gettext("Choose a new password"),
                text=gettext("Somebody has requested a new password for the account %(name)s.")
                % {"name": name},
                button=gettext("Choose a new password"),
                link=link,
            )


def _send(address: str, *, subject: str, text: str, button: str, link: str) -> None:
    context = {
        "text": text,
        "button": button,
        "url": site_url(link),
        "hours": settings.PASSWORD_RESET_TIMEOUT // 3600,
        "language": translation.get_language(),
    }
    headers = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    mail = EmailMultiAlternatives(
        subject, render_to_string("mail/account.txt", context), to=[address], headers=headers
    )
    mail.attach_alternative(render_to_string("mail/account.html", context), "text/html")
    mail.send()
