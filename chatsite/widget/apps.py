"""The embeddable widget: shows a business's chat on the business's own site, in an iframe."""

from __future__ import annotations

from django.apps import AppConfig


class WidgetConfig(AppConfig):
    name = "chatsite.widget"
    label = "widget"
    verbose_name = "Widget"

    def ready(self) -> None:
        # Importing registers the rules for a widget's visitors, and the hooks for erasure, export, demo data and
        # the first steps of a business.
        from chatsite.widget import (  # noqa: F401
            demo,
            gdpr,
            rules,
            setup_step,
            ties,
            visitors,
        )
