from django.apps import AppConfig


class ChatsiteConfig(AppConfig):
    name = "chatsite"

    def ready(self) -> None:
        # Importing registers the system checks, a lookup, the gauges, and the checks of live sessions.
        from chatsite.config import checks  # noqa: F401
        from chatsite.database import text_folding  # noqa: F401
        from chatsite.realtime import gauges, revalidation  # noqa: F401
