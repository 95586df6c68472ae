"""Tie tokens to the password with which, or during which, they were issued.

Every token has the tag of its user's password as a claim. A changed password has another tag, however it was changed
(by Django admin, `set_password`, `changepassword` or a project's own form), so no older token is valid afterwards. The
tag is derived from Django's session hash, which already ends browser sessions in this way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.crypto import constant_time_compare, salted_hmac
from rest_framework_simplejwt.settings import api_settings

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

CLAIM: Final = "pwd"


def password_tag(user: AbstractBaseUser) -> str:
    return _tag(user.get_session_auth_hash())


def is_current(tag: str, user: AbstractBaseUser) -> bool:
    """Whether the tag is of the user's present password, by the secret key or one of SECRET_KEY_FALLBACKS."""
    hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(tag, _tag(known)) for known in hashes)


def _tag(session_auth_hash: str) -> str:
    key = str(api_settings.SIGNING_KEY)
    return salted_hmac(
        "chatsite.identity.password_tag", session_auth_hash, secret=key, algorithm="sha256"
    ).hexdigest()[:32]
