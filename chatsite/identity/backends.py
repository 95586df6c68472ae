"""The authentication backend: checks passwords and limits failed logins.

Every login uses it: tokens, Django admin, the browsable API and a project's own forms. So no form can forget the limit.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import check_password, get_hasher, identify_hasher
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest

from chatsite.identity.password_tags import note_rehash
from chatsite.identity.throttles import Attempt, account_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def _stored_hash(username: str) -> str | None:
    model = get_user_model()
    found = model._default_manager.filter(**{model.USERNAME_FIELD: username})
    return found.values_list("password", flat=True).first()


def _is_outdated(encoded: str | None) -> bool:
    """Return whether Django hashes the password again when it is correct."""
    try:
        hasher = identify_hasher(encoded or "")
    except ValueError:
        return False
    preferred = get_hasher()
    return hasher.algorithm != preferred.algorithm or preferred.must_update(encoded or "")


class CountingBackend(ModelBackend):
    """Django's `ModelBackend`. After too many failures it rejects every login of the account for a while."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **more: Any,
    ) -> User | None:
        if username is None or password is None:
            return None
        attempt = Attempt("login_account", account_of(username))
        if attempt.wait:
            raise PermissionDenied  # Django tries no other backend, and no password is hashed
        before = _stored_hash(username)
        # Nobody may see the new hash without the note about it: earlier tokens would end for a moment, or for good.
        with transaction.atomic() if _is_outdated(before) else nullcontext():
            user = super().authenticate(request, username=username, password=password, **more)
            # The hash differs where Django has renewed it with the site's current hasher. It also differs where the
            # password was changed in this very moment, but then the given password does not fit the old hash.
            if user and before and user.password != before and check_password(password, before):
                note_rehash(user, before)
        if user is not None:
            attempt.uncount()
        return user

    async def aauthenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:  # type: ignore[override]
        """Count asynchronous logins too. Django's own method would not."""
        return await sync_to_async(self.authenticate)(request, **credentials)
