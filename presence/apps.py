from django.apps import AppConfig


class PresenceConfig(AppConfig):
    name = "presence"
    verbose_name = "Presence"

    def ready(self) -> None:
        from conversations.blocks import operations
        from conversations.team.assignment import assigning, candidates
        from presence import announcements, gauges, live, queries  # noqa: F401  importing registers the gauges and hooks
        from presence.visibility import change_visibility

        candidates.online_sources.append(queries.online_among)
        operations.visibility_changed.append(change_visibility)
        announcements.came_online.append(assigning.members_came_online)
