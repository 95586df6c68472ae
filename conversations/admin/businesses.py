"""The admin of businesses, which are edited in forms, and of memberships, which operations change."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from chatsite.errors import DomainError
from chatsite.http.admin_lists import BoundedAdmin
from chatsite.identity.names import login_lookup
from conversations.models import Business, Membership
from conversations.moderation import operations as moderation


@admin.register(Business)
class BusinessAdmin(BoundedAdmin):
    """Businesses cannot be deleted: their conversations need them, and their members have open sockets."""

    list_display = ("name", "slug", "created_at", "more")
    search_fields = ("name", "slug")
    list_filter = ("created_at",)
    fields = ("name", "slug", "file_days", "message_days", "created_at", "more")
    readonly_fields = ("created_at", "more")

    @admin.display(description="related")
    def more(self, business: Business) -> str:
        if business._state.adding:
            return "–"
        return format_html(
            '<a href="{}?business__id__exact={}">conversations</a>, <a href="{}?business__id__exact={}">members</a>',
            reverse("admin:conversations_conversation_changelist"),
            business.pk,
            reverse("admin:conversations_membership_changelist"),
            business.pk,
        )

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {"slug": ("name",)} if obj is None else {}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Membership)
class MembershipAdmin(BoundedAdmin):
    list_display = ("user", "business", "role", "created_at")
    list_select_related = ("user", "business")
    list_filter = ("role", "created_at")
    search_fields = (login_lookup("user"), "business__name")
    fields = ("business", "user", "role", "created_at")
    autocomplete_fields = ("business", "user")
    ordering = ("-id",)
    sortable_by = ()
    actions = None

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("business", "user", "created_at") if obj else ("created_at",)

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        """Run the operation. Its error must leave Django's transaction, so that the form's log entry is rolled back."""
        saved = moderation.appoint_member(
            actor=request.user, business_id=obj.business_id, user_id=obj.user_id, role=obj.role
        )
        obj.pk, obj.created_at = saved.pk, saved.created_at
        obj._state.adding = False

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        moderation.dismiss_member(actor=request.user, membership=obj)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except DomainError as error:
            return _refused(request, error)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().delete_view(request, *args, **kwargs)
        except DomainError as error:
            return _refused(request, error)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for membership in queryset:
            self.delete_model(request, membership)


def _refused(request: HttpRequest, error: DomainError) -> HttpResponse:
    messages.error(request, error.message)
    return HttpResponseRedirect(request.get_full_path())
