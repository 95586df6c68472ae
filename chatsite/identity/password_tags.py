"""End the tokens of a user whose password changes.

Every token has a claim with a tag of the user's password. A new password has a new tag, however it was changed (by
Django admin, `set_password`, `changepassword` or a project's own form), so older tokens become invalid. The tag is
derived from Django's session hash, which ends browser sessions in the same way.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Final

from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from rest_framework_simplejwt.settings import api_settings

from chatsite.identity.models import RehashedPassword

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

CLAIM: Final = "pwd"


def password_tag(user: AbstractBaseUser) -> str:
    return _tag(user.get_session_auth_hash())


def is_current(tag: str, user: AbstractBaseUser) -> bool:
    """Return whether the tag belongs to the current password: to its hash, or to a hash that a login replaced."""
    if _is_of_hash(tag, user):
        return True
    return any(_is_of_hash(other, user) for other in _tags_of_same_password(tag, user))


def _tags_of_same_password(tag: str, user: AbstractBaseUser) -> set[str]:
    """Return all tags of the password that has this tag.

    Two logins at the same time may hash the password twice, so several tags may replace the same one.
    """
    renewals = list(RehashedPassword.objects.filter(user_id=user.pk).values_list("old_tag", "new_tag"))
    connected = {tag}
    for _ in renewals:
        connected |= {one for pair in renewals if connected.intersection(pair) for one in pair}
    return connected


def note_rehash(user: AbstractBaseUser, old_hash: str) -> None:
    """Keep the tokens of a password valid after this login has hashed it again."""
    former = copy(user)
    former.password = old_hash
    expires_at = timezone.now() + api_settings.REFRESH_TOKEN_LIFETIME
    RehashedPassword.objects.create(
        user_id=user.pk, old_tag=password_tag(former), new_tag=password_tag(user), expires_at=expires_at
    )


def _is_of_hash(tag: str, user: AbstractBaseUser) -> bool:
    """Return whether the tag belongs to the user's hash, with SECRET_KEY or one of SECRET_KEY_FALLBACKS."""
    hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(tag, _tag(known)) for known in hashes)


def _tag(session_auth_hash: str) -> str:
    key = str(api_settings.SIGNING_KEY)
    return salted_hmac(
        "chatsite.identity.password_tag", session_auth_hash, secret=key, algorithm="sha256"
    ).hexdigest()[:32]
