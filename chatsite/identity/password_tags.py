"""End the tokens of a user whose password changes.

Every token has a claim with a tag of the user's password. A new password has a new tag, however it was changed (by
Django admin, `set_password`, `changepassword` or a project's own form), so older tokens become invalid. The tag is
derived from Django's session hash, which ends browser sessions in the same way.
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
    """Whether the tag belongs to the current password, under SECRET_KEY or one of SECRET_KEY_FALLBACKS."""
    hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(tag, _tag(known)) for known in hashes)


def _tag(session_auth_hash: str) -> str:
    key = str(api_settings.SIGNING_KEY)
    return salted_hmac(
        "chatsite.identity.password_tag", session_auth_hash, secret=key, algorithm="sha256"
    ).hexdigest()[:32]
