"""Show when users were last seen, read-only.

Deleting rows is allowed, because otherwise the admin could not delete a user who has a row.
"""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from chatsite.identity.names import login_lookup
from presence.models import LastSeen


@admin.register(LastSeen)
class LastSeenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    list_display = ("user", "at")
    list_select_related = ("user",)
    search_fields = (login_lookup("user"),)
    date_hierarchy = "at"
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: LastSeen | None = None) -> bool:
        return False
