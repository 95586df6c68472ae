"""The authentication backend: checks passwords and limits failed logins.

Every login uses it: tokens, Django admin, the browsable API and a project's own forms. So no form can forget the limit.
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
        user = super().authenticate(request, username=username, password=password, **more)
        if user is not None:
            attempt.uncount()
        return user

    async def aauthenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:  # type: ignore[override]
        """Count asynchronous logins too. Django's own method would not."""
        return await sync_to_async(self.authenticate)(request, **credentials)
