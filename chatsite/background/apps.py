from __future__ import annotations

from django.apps import AppConfig


class BackgroundConfig(AppConfig):
    name = "chatsite.background"
    label = "background"
    verbose_name = "Background jobs"

    def ready(self) -> None:
        # Importing registers the hooks of the embedded worker, the gauges and the housekeeping jobs.
        from chatsite.background import embedded, gauges, housekeeping  # noqa: F401
