"""The embeddable widget: a business's chat on its own site, in a frame of ours."""

from __future__ import annotations

from django.apps import AppConfig


class WidgetConfig(AppConfig):
    name = "chatsite.widget"
    label = "widget"
    verbose_name = "Widget"

    def ready(self) -> None:
        # Importing registers the rule on whom a widget's customers may talk to, and the hooks of erasures, exports
        # and the demonstration data.
        from chatsite.widget import (  # noqa: F401
            demo,
            gdpr,
            rules,
            ties,
        )
