"""The import of the old single `messages` table, with its command and its bookkeeping."""

from __future__ import annotations

from django.apps import AppConfig


class LegacyImportConfig(AppConfig):
    name = "chatsite.legacy_import"
    label = "legacy_import"

    def ready(self) -> None:
        from chatsite.legacy_import import imported_history  # noqa: F401  registers a hook
