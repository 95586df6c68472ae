from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "conversations"
    verbose_name = "Conversations"

    def ready(self) -> None:
        # Importing registers the commands and the hooks of a session.
        from conversations import commands, live, sync  # noqa: F401
