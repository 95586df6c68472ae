"""API keys in Django admin. The pages of refresh tokens, which Simple JWT registers, are taken out."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist import admin as registers  # noqa: F401  before they are taken out
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from chatsite.http.admin_lists import BoundedAdmin
from chatsite.identity.models import ApiKey

for model in (BlacklistedToken, OutstandingToken):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(ApiKey)
class ApiKeyAdmin(BoundedAdmin):
    """Keys are made over REST, and shown to nobody again. Here they are revoked."""

    list_display = ("hint", "name", "user", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("user",)
    ordering = ("-id",)
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description="Revoke", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        with transaction.atomic():
            keys = list(queryset.filter(revoked_at=None).select_for_update(of=("self",)))
            ApiKey.objects.filter(pk__in=[key.pk for key in keys]).update(revoked_at=timezone.now())
            for key in keys:
                self.log_change(request, key, "Revoked.")
        messages.success(request, f"Revoked {len(keys)} API keys.")
