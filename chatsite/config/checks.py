"""The system check of the environment variables. It reports every bad or missing one by its name."""

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
    """Return `chatsite.E001` for each problem found while the environment was read."""
    return [
        checks.Error(problem.text, hint=f"Set {problem.variable} in the environment.", id="chatsite.E001")
        for problem in settings.ENVIRONMENT.problems
    ]


def refuse_bad_environment() -> None:
    """Raise before the server accepts connections, because ASGI servers do not run Django's checks."""
    found = [message for message in checks.run_checks(tags=[TAG]) if message.is_serious()]
    if found:
        raise ImproperlyConfigured("\n".join(f"({message.id}) {message.msg}" for message in found))
