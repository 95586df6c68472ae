from django.apps import AppConfig


class PresenceConfig(AppConfig):
    name = "presence"
    verbose_name = "Presence"

    def ready(self) -> None:
        from presence import gauges, live  # noqa: F401  these register gauges, and the hooks of a session
