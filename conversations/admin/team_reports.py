"""The admin of episodes, ratings and automatic answers. Operations and jobs write them."""

from __future__ import annotations

from django.contrib import admin

from chatsite.http.admin_lists import ReadOnlyAdmin
from conversations.models import AssignmentRule, Automations, CsatSettings, Episode


@admin.register(Episode)
class EpisodeAdmin(ReadOnlyAdmin):
    list_display = (
        "conversation",
        "business",
        "agent",
        "resolved_at",
        "first_response",
        "resolution",
        "score",
    )
    list_select_related = ("business", "agent", "conversation")
    list_filter = ("resolved_at", "score")
    sortable_by = ()


@admin.register(Automations)
class AutomationsAdmin(ReadOnlyAdmin):
    list_display = ("business", "welcome", "away", "updated_at")
    list_select_related = ("business",)
    search_fields = ("business__name",)
    sortable_by = ()


@admin.register(AssignmentRule)
class AssignmentRuleAdmin(ReadOnlyAdmin):
    list_display = ("business", "mode", "capacity", "since", "updated_at")
    list_select_related = ("business",)
    search_fields = ("business__name",)
    sortable_by = ()


@admin.register(CsatSettings)
class CsatSettingsAdmin(ReadOnlyAdmin):
    list_display = ("business", "enabled", "question", "updated_at")
    list_select_related = ("business",)
    search_fields = ("business__name",)
    sortable_by = ()
