"""Sign-in forms of browser sessions: tries are limited by account, as everywhere, and by address."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError

from chatsite.identity.throttles import attempt_from_address, wait_of_account


class LimitedSignIn(AuthenticationForm):
    """Django's own form. One who is refused for the number of tries is told so, and not that the password is wrong."""

    def clean(self) -> dict[str, Any]:
        if self.request is not None and (wait := attempt_from_address("login_address", self.request).wait):
            raise too_many(wait)
        return super().clean()

    def get_invalid_login_error(self) -> ValidationError:
        wait = wait_of_account(self.cleaned_data.get("username", ""))
        return too_many(wait) if wait else super().get_invalid_login_error()


class LimitedAdminSignIn(LimitedSignIn, AdminAuthenticationForm):
    """For staff alone."""


def too_many(wait: float) -> ValidationError:
    return ValidationError(f"Too many tries. Please wait {max(1, round(wait))} seconds.", code="rate_limited")
