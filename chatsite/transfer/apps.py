from __future__ import annotations

from django.apps import AppConfig


class TransferConfig(AppConfig):
    name = "chatsite.transfer"
    label = "transfer"

    def ready(self) -> None:
        from chatsite.transfer import gdpr  # noqa: F401  registers the section of personal data
