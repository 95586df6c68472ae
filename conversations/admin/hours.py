"""The admin of business hours. Owners set them over REST, which checks them."""

from __future__ import annotations

from django.contrib import admin

from chatsite.http.admin_lists import ReadOnlyAdmin
from conversations.models import AnswerTime, BusinessHours


@admin.register(BusinessHours)
class BusinessHoursAdmin(ReadOnlyAdmin):
    list_display = ("business", "timezone", "country", "updated_at")
    list_select_related = ("business",)
    search_fields = ("business__name",)
    sortable_by = ()


@admin.register(AnswerTime)
class AnswerTimeAdmin(ReadOnlyAdmin):
    list_display = ("business", "seconds", "samples", "measured_at")
    list_select_related = ("business",)
    search_fields = ("business__name",)
    sortable_by = ()
