"""The queue of reports. Moderators resolve an open report with an outcome and a note."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from chatsite.errors import DomainError
from chatsite.http.admin_lists import ReadOnlyAdmin
from chatsite.identity.names import login_lookup
from chatsite.identity.users import find_by_username
from conversations.admin.downloads import open_attachment
from conversations.admin.names import isolate
from conversations.attachments.models import Attachment
from conversations.moderation.models import Report
from conversations.moderation.reports import accused, possible_outcomes, resolve_report

# The permission that an outcome needs in addition to the one to resolve.
NEEDS = {
    "message_hidden": "conversations.hide_message",
    "user_suspended": "conversations.suspend_user",
    "conversation_frozen": "conversations.freeze_conversation",
}


class StatusFilter(admin.SimpleListFilter):
    """Shows open reports by default."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("resolved", "Resolved"), ("all", "All")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": "Open"} if choice["query_string"].find("status=") < 0 else choice

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset if self.value() == "all" else queryset.filter(status=self.value() or "open")


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "reason", "about", "text_begins", "reporter", "status", "outcome")
    list_display_links = ("created_at",)
    list_select_related = ("reporter", "conversation__business", "conversation__customer", "message", "user")
    list_filter = (StatusFilter, "reason", "outcome", "created_at")
    search_fields = (login_lookup("reporter"),)
    search_help_text = "Search by the reporter's username."
    ordering = ("-id",)
    sortable_by = ()

    @admin.display(description="about")
    def about(self, report: Report) -> str:
        conversation = report.conversation
        where = format_html("{} with {}", isolate(conversation.customer), isolate(conversation.business))
        if report.message is not None:
            return format_html("message {} of {}", report.message.seq, where)
        return format_html("{} in {}", isolate(report.user), where) if report.user else where

    @admin.display(description="text")
    def text_begins(self, report: Report) -> str:
        return isolate(report.text[:80])

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return (queryset.filter(reporter=find_by_username(term)) if term else queryset), False

    def get_urls(self) -> list[Any]:
        resolve = self.admin_site.admin_view(require_POST(self.resolve))
        file = self.admin_site.admin_view(self.file_view)
        return [
            path("<uuid:key>/resolve/", resolve, name="conversations_report_resolve"),
            path("<uuid:key>/files/<uuid:attachment>/", file, name="conversations_report_file"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the report, its subject, and the form that resolves it."""
        related = ("reporter", "user", "resolved_by", "message__sender", *self.list_select_related[1:3])
        try:
            report = Report.objects.select_related(*related).get(pk=UUID(object_id))
        except (ValueError, Report.DoesNotExist) as error:
            raise Http404("No such report.") from error
        if not self.has_view_permission(request, report):
            raise PermissionDenied
        outcomes = [
            (value, Report.Outcome(value).label)
            for value in possible_outcomes(report)
            if value not in NEEDS or request.user.has_perm(NEEDS[value])
        ]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Report: {report.get_reason_display()}",
            "report": report,
            "accused": accused(report),
            "files": list(_files_of(report)),
            "outcomes": outcomes,
            "may_resolve": request.user.has_perm("conversations.resolve_report"),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/conversations/report.html", context)

    def file_view(self, request: HttpRequest, key: UUID, attachment: UUID) -> HttpResponseBase:
        """A file of the reported message. It needs no permission to read the whole conversation."""
        report = Report.objects.filter(pk=key).first()
        if report is None:
            raise Http404("No such report.")
        if not self.has_view_permission(request, report):
            raise PermissionDenied
        return open_attachment(request, _files_of(report), attachment)

    def resolve(self, request: HttpRequest, key: UUID) -> HttpResponse:
        outcome, note = request.POST.get("outcome", ""), request.POST.get("note", "")
        try:
            resolve_report(actor=request.user, report_id=key, outcome=outcome, note=note)
        except DomainError as error:
            messages.error(request, error.message)
            return HttpResponseRedirect(reverse("admin:conversations_report_change", args=[key]))
        messages.success(request, "The report has been resolved.")
        return HttpResponseRedirect(reverse("admin:conversations_report_changelist"))


def _files_of(report: Report) -> QuerySet[Attachment]:
    rows = Attachment.objects.order_by("position")
    return rows.none() if report.message_id is None else rows.filter(message=report.message_id)
