"""The list of conversations that moderators search, and the transcript with its actions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from chatsite.errors import DomainError
from chatsite.http.admin_lists import ReadOnlyAdmin, ReasonActionForm, change_chosen, errors_as_messages
from conversations.admin.downloads import as_download, open_attachment
from conversations.admin.names import isolate, isolate_text
from conversations.admin.search import HELP, search_conversations
from conversations.admin.transcript import read_edits, read_page
from conversations.attachments.models import Attachment
from conversations.models import ChatMessage, Conversation
from conversations.moderation import exports
from conversations.moderation import operations as moderation
from conversations.moderation.reports import open_reports
from conversations.serializers import person_object

PERMISSIONS: Final = ("hide_message", "freeze_conversation", "resolve_report", "export_transcript")

Operation = Callable[..., Any]
MESSAGE_VERBS: Final[dict[str, tuple[Operation, str]]] = {
    "hide": (moderation.hide_message, "Message {seq} has been hidden."),
    "restore": (moderation.restore_message, "Message {seq} has been restored."),
}
CONVERSATION_VERBS: Final[dict[str, tuple[Operation, str]]] = {
    "freeze": (moderation.freeze_conversation, "The conversation has been frozen."),
    "unfreeze": (moderation.unfreeze_conversation, "The conversation has been unfrozen."),
}


class FrozenFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "frozen"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Frozen"), ("no", "Open")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        return queryset.filter(frozen_at__isnull=self.value() != "yes")


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin):
    list_display = ("participants", "preview", "message_count", "last_active", "unread", "state")
    list_filter = (FrozenFilter, "active_at", "created_at")
    search_fields = ("id",)  # shows the search box; `get_search_results` does the search
    search_help_text = HELP
    ordering = ("-active_at", "-id")
    sortable_by = ("last_active",)
    action_form = ReasonActionForm
    actions = ("freeze_chosen", "unfreeze_chosen")

    # The list

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # With joins, PostgreSQL may join all conversations before it looks for the newest.
        return super().get_queryset(request).prefetch_related("business", "customer")

    @admin.display(description="conversation")
    def participants(self, conversation: Conversation) -> str:
        customer = person_object(conversation.customer).name
        return format_html("{} with {}", isolate(customer), isolate(conversation.business.name))

    @admin.display(description="last message")
    def preview(self, conversation: Conversation) -> str:
        return isolate(conversation.last_message[:80]) if conversation.last_message else "–"

    @admin.display(description="messages")
    def message_count(self, conversation: Conversation) -> int:
        return conversation.last_seq

    @admin.display(description="last active", ordering="active_at")
    def last_active(self, conversation: Conversation) -> datetime:
        return conversation.active_at

    @admin.display(description="unread")
    def unread(self, conversation: Conversation) -> str:
        counts = {"customer": conversation.customer_unread, "business": conversation.business_unread}
        return ", ".join(f"{side} {count}" for side, count in counts.items() if count) or "–"

    @admin.display(description="state")
    def state(self, conversation: Conversation) -> str:
        return format_html("<strong>{}</strong>", "Frozen") if conversation.frozen_at else "Open"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return search_conversations(queryset, search_term), False

    def has_freeze_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("conversations.freeze_conversation"))

    @admin.action(description="Freeze", permissions=["freeze"])
    def freeze_chosen(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        change_chosen(request, queryset, moderation.freeze_conversation, "conversation_id")

    @admin.action(description="Unfreeze", permissions=["freeze"])
    def unfreeze_chosen(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        change_chosen(request, queryset, moderation.unfreeze_conversation, "conversation_id")

    # The transcript

    def get_urls(self) -> list[Any]:
        def posted(route: str, name: str, view: Callable[..., Any], **options: str) -> Any:
            guarded = self.admin_site.admin_view(require_POST(view))
            return path(f"<uuid:key>/{route}/", guarded, options, name=f"conversations_conversation_{name}")

        return [
            path(
                "<uuid:key>/messages/<uuid:message>/edits/",
                self.admin_site.admin_view(self.edits_view),
                name="conversations_conversation_edits",
            ),
            path(
                "<uuid:key>/files/<uuid:attachment>/",
                self.admin_site.admin_view(self.file_view),
                name="conversations_conversation_file",
            ),
            posted("export", "export", self.export),
            *(posted(verb, verb, self.act, verb=verb) for verb in CONVERSATION_VERBS),
            *(
                posted(f"messages/<uuid:message>/{verb}", verb, self.act_on_message, verb=verb)
                for verb in MESSAGE_VERBS
            ),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the transcript instead of a form, because the fields of a conversation cannot be edited."""
        try:
            conversation = Conversation.objects.select_related("business", "customer").get(pk=UUID(object_id))
        except (ValueError, Conversation.DoesNotExist) as error:
            raise Http404("No such conversation.") from error
        if not self.has_view_permission(request, conversation):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title_of(conversation),
            "conversation": conversation,
            "page": read_page(conversation, request.GET),
            "reports": list(open_reports(conversation.pk).select_related("message", "user", "reporter")[:20]),
            "may": {name: request.user.has_perm(f"conversations.{name}") for name in PERMISSIONS},
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/conversations/transcript.html", context)

    def edits_view(self, request: HttpRequest, key: UUID, message: UUID) -> HttpResponse:
        """Show all earlier versions of a message, by page."""
        row = ChatMessage.objects.filter(pk=message, conversation=key).first()
        if row is None:
            raise Http404("No such message.")
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Earlier versions of message {row.seq}",
            "message": row,
            "transcript": transcript_url(key),
            "page": read_edits(row, request.GET),
        }
        return TemplateResponse(request, "admin/conversations/edits.html", context)

    def file_view(self, request: HttpRequest, key: UUID, attachment: UUID) -> HttpResponseBase:
        """A file of a message, hidden and deleted ones included, as long as its bytes are there."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        files = Attachment.objects.filter(message__conversation=key)
        return open_attachment(request, files, attachment)

    def act_on_message(self, request: HttpRequest, key: UUID, message: UUID, verb: str) -> HttpResponse:
        operation, done = MESSAGE_VERBS[verb]
        seq = ChatMessage.objects.filter(pk=message, conversation=key).values_list("seq", flat=True).first()
        if seq is None:
            raise Http404("No such message.")
        with errors_as_messages(request):
            operation(actor=request.user, message_id=message, reason=request.POST.get("reason", ""))
            messages.success(request, done.format(seq=seq))
        return HttpResponseRedirect(f"{transcript_url(key)}?around={seq}#message-{seq}")

    def act(self, request: HttpRequest, key: UUID, verb: str) -> HttpResponse:
        operation, done = CONVERSATION_VERBS[verb]
        with errors_as_messages(request):
            operation(actor=request.user, conversation_id=key, reason=request.POST.get("reason", ""))
            messages.success(request, done)
        return HttpResponseRedirect(transcript_url(key))

    def export(self, request: HttpRequest, key: UUID) -> HttpResponseBase:
        try:
            lines = exports.export_transcript(
                actor=request.user, conversation_id=key, reason=request.POST.get("reason", "")
            )
        except DomainError as error:
            messages.error(request, error.message)
            return HttpResponseRedirect(transcript_url(key))
        return as_download(request, lines, f"conversation-{key}.jsonl")


def transcript_url(key: UUID) -> str:
    return reverse("admin:conversations_conversation_change", args=[key])


def title_of(conversation: Conversation) -> str:
    customer = person_object(conversation.customer).name
    return f"{isolate_text(customer)} with {isolate_text(conversation.business.name)}"
