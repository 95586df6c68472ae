"""Admin pages for notifications, invitations and offers. They are read-only except for deleting a notification."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import get_language

from chatsite.http.admin_lists import BoundedAdmin, ReadOnlyAdmin, errors_as_messages
from chatsite.identity.names import login_lookup
from notifications import operations, types
from notifications.currencies import amount_text
from notifications.delivery.models import BusinessNotificationSettings, Notice, ReceivedMail
from notifications.models import Invitation, Notification, Offer
from notifications.money import TEXTS, amount_with_currency
from notifications.webhooks import admin as webhooks_admin  # noqa: F401  registers its pages


class TypeFilter(admin.SimpleListFilter):
    """Lists the declared types. Django's default filter would scan the whole table for them."""

    title = "type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in types.names()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(type=self.value()) if self.value() else queryset


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ("title", "type", "recipient", "read_at", "created_at")
    list_filter = (TypeFilter,)
    list_select_related = ("recipient",)
    ordering = ("-created_at",)
    search_fields = (f"={login_lookup('recipient')}",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(deleted_at=None)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("notifications.delete_notification"))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        operations.delete_notification(user_id=obj.recipient_id, notification_id=obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            with errors_as_messages(request):  # the recipient may have deleted it meanwhile
                self.delete_model(request, row)


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ("business", "invitee", "email", "inviter", "role", "status", "expires_at", "answered_at")
    list_filter = ("status", "role")
    list_select_related = ("business", "invitee", "inviter")
    search_fields = (
        f"={login_lookup('invitee')}",
        f"={login_lookup('inviter')}",
        "=email",
        "business__name__startswith",
    )


@admin.register(Offer)
class OfferAdmin(ReadOnlyAdmin):
    list_display = ("title", "price", "status", "author", "expires_at", "answered_at")
    list_filter = ("status",)
    list_select_related = ("author",)
    search_fields = (f"={login_lookup('author')}",)

    def price(self, offer: Offer) -> str:
        amount = amount_text(offer.amount_minor, offer.currency)
        return amount_with_currency(amount, offer.currency, get_language() or TEXTS)


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """Why somebody got a push or a mail, or did not."""

    list_display = (
        "user",
        "channel",
        "state",
        "reason",
        "detail",
        "conversation",
        "created_at",
        "finished_at",
    )
    list_filter = ("channel", "state")
    list_select_related = ("user", "conversation")
    search_fields = (f"={login_lookup('user')}",)


@admin.register(BusinessNotificationSettings)
class BusinessNotificationSettingsAdmin(BoundedAdmin):
    list_display = ("business", "email_unread", "email_after_minutes", "push_unread", "push_content")
    list_select_related = ("business",)
    autocomplete_fields = ("business",)
    search_fields = ("business__name__startswith",)


@admin.register(ReceivedMail)
class ReceivedMailAdmin(ReadOnlyAdmin):
    """What became of the mails that came in."""

    list_display = ("received_at", "outcome", "user", "conversation")
    list_filter = ("outcome",)
    list_select_related = ("user", "conversation")
    search_fields = (f"={login_lookup('user')}",)
