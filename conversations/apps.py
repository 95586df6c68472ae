from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "conversations"
    verbose_name = "Conversations"

    def ready(self) -> None:
        # Importing registers the commands, the hooks of a session and the gauges.
        from conversations import commands, gauges, live, sync  # noqa: F401
        from conversations.assistants import checks  # noqa: F401
        from conversations.attachments import jobs  # noqa: F401
        from conversations.blocks import sessions  # noqa: F401
        from conversations.moderation import jobs as moderation_jobs  # noqa: F401
        from conversations.team import commands as team_commands  # noqa: F401
        from conversations.team import gdpr as team_gdpr  # noqa: F401
        from conversations.team import jobs as team_jobs  # noqa: F401
        from conversations.team import live as team_live  # noqa: F401
        from conversations.team import sync as team_sync  # noqa: F401
        from conversations.team.assignment import assigning  # noqa: F401
        from conversations.team.automations import answering  # noqa: F401
        from conversations.team.canned import gdpr as answer_gdpr  # noqa: F401
        from conversations.team.customer import checks as panel_checks  # noqa: F401
        from conversations.team.hours import answer_time  # noqa: F401
        from conversations.team.reports import gdpr as rating_gdpr  # noqa: F401
        from conversations.team.reports import recording  # noqa: F401
        from conversations.team.saved_views import gdpr as view_gdpr  # noqa: F401
