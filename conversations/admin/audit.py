"""The audit log, read-only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from chatsite.http.admin_lists import ReadOnlyAdmin
from chatsite.identity.names import user_page
from chatsite.identity.users import find_by_username
from conversations.moderation.models import AuditEntry

# The page of each type of subject. The page of a message is its conversation, whose id is in the entry.
PAGES = {
    "conversation": "admin:conversations_conversation_change",
    "business": "admin:conversations_business_change",
    "report": "admin:conversations_report_change",
}


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "action", "subject", "actor", "reason")
    list_display_links = ("at",)
    list_select_related = ("actor",)
    list_filter = ("action", "at")
    search_fields = ("subject_id",)
    search_help_text = "Search by the id of the subject or the username of the moderator."
    ordering = ("-id",)
    sortable_by = ()
    fields = ("at", "action", "actor", "subject", "reason", "data")
    readonly_fields = ("subject",)

    @admin.display(description="about")
    def subject(self, entry: AuditEntry) -> str:
        text = f"{entry.subject_type} {entry.subject_id}"
        if entry.subject_type == "message" and "conversation" in entry.data:
            url = reverse(PAGES["conversation"], args=[entry.data["conversation"]])
            return format_html(
                '<a href="{}?around={}#message-{}">{}</a>', url, entry.data["seq"], entry.data["seq"], text
            )
        if entry.subject_type == "user" and (page := user_page(entry.subject_id)):
            return format_html('<a href="{}">{}</a>', page, text)
        if entry.subject_type not in PAGES:
            return text
        url = reverse(PAGES[entry.subject_type], args=[entry.subject_id])
        return format_html('<a href="{}">{}</a>', url, text)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Match the exact id or the exact username, because both have an index."""
        term = search_term.replace("\x00", "").strip()
        if not term:
            return queryset, False
        actor = find_by_username(term)
        done_by = Q() if actor is None else Q(actor=actor)
        return queryset.filter(Q(subject_id=term) | done_by), False
