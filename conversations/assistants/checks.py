"""The system check of `CHAT_ASSISTANTS`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks

from conversations.assistants.calls import find_assistant


@checks.register("chatsite")
def check_assistants(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Return `chatsite.E008` for each path that leads to no function."""
    found: list[checks.CheckMessage] = []
    for path in settings.CHAT_ASSISTANTS:
        try:
            usable = callable(find_assistant(path))
        except Exception as error:  # noqa: BLE001  the module of the host project may raise anything
            problem = f"{type(error).__name__}: {error}"
        else:
            problem = "" if usable else "it is not a function."
        if problem:
            text = f"CHAT_ASSISTANTS contains {path!r}, which cannot be used: {problem}"
            found.append(checks.Error(text, id="chatsite.E008"))
    return found
