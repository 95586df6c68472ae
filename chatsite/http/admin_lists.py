"""Base classes of the admin's lists. Their cost does not grow with the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.core.paginator import Paginator
from django.db import OperationalError, connection, transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.functional import cached_property

from chatsite.errors import DomainError

MOST_ROWS: Final = 2_000  # rows that a list can page through; use filters and searches for others
MOST_AT_ONCE: Final = 200  # rows of one action
SEARCH_SECONDS: Final = 5
QUERY_CANCELED: Final = "57014"  # SQLSTATE of a statement that ran out of time


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """Count at most MOST_ROWS rows, because counting a million rows is slow."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[:MOST_ROWS].count())


class ReasonActionForm(ActionForm):
    """The choice of an action, with a reason for the audit log."""

    reason = forms.CharField(
        required=False, max_length=1000, widget=forms.TextInput(attrs={"placeholder": "Reason", "size": 24})
    )


class BoundedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """A list with a capped count. On PostgreSQL its queries have a time limit."""

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 200
    show_facets = admin.ShowFacets.NEVER  # facets need a count for each choice of each filter

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method != "GET":
            return super().changelist_view(request, extra_context)
        if any("\x00" in value for _, values in request.GET.lists() for value in values):
            messages.error(request, "The address contains a character that is not allowed.")
            return HttpResponseRedirect(request.path)
        try:
            with transaction.atomic():
                _limit_time()
                response = super().changelist_view(request, extra_context)
                # Rendering reads the rows, so it must happen within the time limit too.
                return response.render() if isinstance(response, TemplateResponse) else response
        except OperationalError as error:
            if not request.GET or getattr(error.__cause__, "sqlstate", None) != QUERY_CANCELED:
                raise
            text = "The search took too long. Add a filter or use different words."
            messages.error(request, text)
            return HttpResponseRedirect(request.path)
        except OverflowError:  # a time that is outside the range of `datetime` in the present time zone
            messages.error(request, "The address contains a date that does not exist.")
            return HttpResponseRedirect(request.path)


class ReadOnlyAdmin(BoundedAdmin):
    """A list of rows without forms. Operations change the rows."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _limit_time() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{SEARCH_SECONDS}s'")


@contextmanager
def errors_as_messages(request: HttpRequest) -> Iterator[None]:
    """Show the error of an operation as a message on the next page."""
    try:
        yield
    except DomainError as error:
        messages.error(request, error.message)


def chosen_rows(request: HttpRequest, rows: Any) -> list[Any]:
    """Return the selected rows. If there are too many, return none and show a message."""
    chosen = list(rows[: MOST_AT_ONCE + 1])
    if len(chosen) > MOST_AT_ONCE:
        messages.error(request, f"Select at most {MOST_AT_ONCE} rows at a time.")
        return []
    return chosen


def change_chosen(request: HttpRequest, queryset: Any, operation: Callable[..., Any], key_name: str) -> None:
    """Call the operation for each selected row, and show how many were changed and why others were not.

    It gets the row's key as `key_name`, the moderator as `actor`, and the moderator's reason.
    """
    updated, refusals = 0, Counter[str]()
    for row in chosen_rows(request, queryset.order_by("pk")):
        try:
            operation(actor=request.user, reason=request.POST.get("reason", ""), **{key_name: row.pk})
            updated += 1
        except DomainError as error:
            refusals[error.message] += 1
    if updated:
        messages.success(request, f"Updated {_counted(updated, queryset.model)}.")
    for text, number in refusals.items():
        messages.error(request, f"{_counted(number, queryset.model)} not updated: {text}")


def _counted(number: int, model: type[Model]) -> str:
    names = model._meta
    return f"{number} {names.verbose_name if number == 1 else names.verbose_name_plural}"
