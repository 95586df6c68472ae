from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend


class ByEmail(ModelBackend):
    """The shop's own login by e-mail address."""

    def authenticate(
        self, request: Any, email: str | None = None, password: str | None = None, **more: Any
    ) -> Any:
        return super().authenticate(request, username=email or more.get("username"), password=password)
