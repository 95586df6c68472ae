"""The system check of `CHAT_ASSISTANTS`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks

from conversations.host_functions import check_paths


@checks.register("chatsite")
def check_assistants(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Return `chatsite.E008` for each path that leads to no function."""
    return check_paths("CHAT_ASSISTANTS", tuple(settings.CHAT_ASSISTANTS), "chatsite.E008")
