"""Login forms of browser sessions. They limit attempts by address; the backend limits them by account."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError

from chatsite.identity.throttles import attempt_from_address, wait_of_account


class LimitedSignIn(AuthenticationForm):
    """Django's login form. After too many attempts it says so, instead of calling the password wrong."""

    def clean(self) -> dict[str, Any]:
        if self.request is not None and (wait := attempt_from_address("login_address", self.request).wait):
            raise too_many(wait)
        return super().clean()

    def get_invalid_login_error(self) -> ValidationError:
        wait = wait_of_account(self.cleaned_data.get("username", ""))
        return too_many(wait) if wait else super().get_invalid_login_error()


class LimitedAdminSignIn(LimitedSignIn, AdminAuthenticationForm):
    """The login form of Django admin, for staff only."""


def too_many(wait: float) -> ValidationError:
    return ValidationError(
        f"Too many attempts. Please wait {max(1, round(wait))} seconds.", code="rate_limited"
    )
