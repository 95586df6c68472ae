from django.apps import AppConfig


class PresenceConfig(AppConfig):
    name = "presence"
    verbose_name = "Presence"

    def ready(self) -> None:
        from conversations.blocks import operations
        from presence import gauges, live  # noqa: F401  importing registers the gauges and hooks
        from presence.visibility import change_visibility

        operations.visibility_changed.append(change_visibility)
