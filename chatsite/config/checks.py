"""System checks: every bad or missing environment variable by its name, under a stable id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

TAG = "chatsite"


@checks.register(TAG)
def check_environment(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """`chatsite.E001`, once for each problem that reading the environment met."""
    return [
        checks.Error(problem.text, hint=f"Set {problem.variable} in the environment.", id="chatsite.E001")
        for problem in settings.ENVIRONMENT.problems
    ]


def refuse_bad_environment() -> None:
    """Raise before a server accepts a connection: ASGI servers do not run Django's checks."""
    found = [message for message in checks.run_checks(tags=[TAG]) if message.is_serious()]
    if found:
        raise ImproperlyConfigured("\n".join(f"({message.id}) {message.msg}" for message in found))
