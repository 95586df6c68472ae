"""The admin of canned answers, saved by the rules of their operations."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from chatsite.errors import DomainError
from chatsite.http.admin_lists import BoundedAdmin
from conversations.models import CannedAnswer
from conversations.search.tokens import searchable
from conversations.team.canned.operations import clean_answer, clean_code
from conversations.team.canned.queries import lock_answers


class CannedAnswerForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    def clean_code(self) -> str:
        return _checked(clean_code, self.cleaned_data["code"])

    def clean_text(self) -> str:
        return _checked(clean_answer, self.cleaned_data["text"])


def _checked(clean: Any, value: str) -> str:
    try:
        return str(clean(value))
    except DomainError as error:
        raise forms.ValidationError(error.message) from error


@admin.register(CannedAnswer)
class CannedAnswerAdmin(BoundedAdmin):
    form = CannedAnswerForm
    list_display = ("code", "business", "group", "owner", "uses", "used_at")
    list_select_related = ("business", "group", "owner")
    search_fields = ("code", "business__name")
    fields = ("business", "group", "owner", "code", "text", "created_by", "uses", "used_at", "created_at")
    autocomplete_fields = ("business", "owner")
    raw_id_fields = ("group",)
    sortable_by = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        fixed = ("created_by", "uses", "used_at", "created_at")
        return ("business", "group", "owner", *fixed) if obj else fixed

    def save_model(self, request: HttpRequest, obj: CannedAnswer, form: Any, change: bool) -> None:
        obj.tokens = searchable(obj.text)
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: CannedAnswer) -> None:
        self.delete_queryset(request, CannedAnswer.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[CannedAnswer]) -> None:
        with transaction.atomic():
            lock_answers(queryset)
            queryset.delete()
