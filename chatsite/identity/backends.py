"""The password check of every door: tokens, Django admin, the browsable API, and whatever a project adds.

Counting here, below all of them, means that no sign-in form can forget to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from chatsite.identity.throttles import Attempt, account_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class CountingBackend(ModelBackend):
    """Django's own, which after too many failures of an account refuses it for a while, the right password included."""

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
            raise PermissionDenied  # no other backend is asked, and no password is hashed
        user = super().authenticate(request, username=username, password=password, **more)
        if user is not None:
            attempt.give_back()
        return user

    async def aauthenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:  # type: ignore[override]
        """Django's own would go past the count."""
        return await sync_to_async(self.authenticate)(request, **credentials)
