"""One-click unsubscribe (RFC 8058): a signed address that turns off one person's mails, without a login."""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth import get_user_model
from django.core import signing

from chatsite.errors import not_found
from chatsite.identity.users import parse_user_key
from notifications.delivery.models import NotificationSettings

SALT: Final = "notifications.unsubscribe"


def unsubscribe_token(user_id: Any) -> str:
    """Return a token without an expiry, because a mail may be opened after years. It can only turn mails off."""
    return signing.dumps(str(user_id), salt=SALT)


def user_of(token: str) -> Any:
    """Return the person whom the token names, or `not_found`."""
    try:
        key = parse_user_key(signing.loads(token, salt=SALT))
    except signing.BadSignature as error:
        raise not_found("subscription") from error
    user = get_user_model()._default_manager.filter(pk=key).first()
    if user is None:
        raise not_found("subscription")
    return user


def turn_mails_off(token: str) -> None:
    """Turn the person's mails off. Repeating it changes nothing."""
    user = user_of(token)
    NotificationSettings.objects.update_or_create(user_id=user.pk, defaults={"email_unread": False})
