"""Show when users were last seen, read-only.

Deleting rows is allowed, because otherwise the admin could not delete a user who has a row.
"""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from chatsite.http.admin_lists import BoundedAdmin
from chatsite.identity.names import login_lookup
from presence.models import LastSeen


@admin.register(LastSeen)
class LastSeenAdmin(BoundedAdmin):
    list_display = ("user", "at")
    list_select_related = ("user",)
    search_fields = (login_lookup("user"),)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: LastSeen | None = None) -> bool:
        return False
