"""The pages of a team: its settings and its reports. They need no scripts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from chatsite.errors import DomainError
from chatsite.realtime.user_limit import charge
from chatsite.web import team_members as members
from chatsite.web.canned_answers import apply_answer
from chatsite.web.decorators import file_form, form_action, form_page, page
from chatsite.web.error_pages import text_of
from chatsite.web.inbox import load_me
from chatsite.web.integration_errors import Refusal, attempt
from chatsite.web.setup_list import setup_list
from chatsite.web.team_reports import reports_context
from chatsite.web.team_settings import apply_form, refusal_of, settings_context

REPORT_COST = 10.0  # of the user's limit, as over REST
# Where the page has the form, and says what became of it.
SECTIONS: Final = {
    "label": "labels",
    "group": "groups",
    "answer": "answers",
    **{name: name for name in ("hours", "automations", "assignment", "csat")},
}
NOTHING_TYPED: Final[Mapping[str, Any]] = {}


@form_page
def team_settings(request: HttpRequest, business_id: str) -> HttpResponse:
    """`/app/team/<business>/settings`."""
    if request.method == "POST":
        return _saved(request, business_id, lambda: apply_form(request.user.pk, business_id, request.POST))
    return _settings_page(request, business_id)


@form_action("web:team-settings", "business_id")
@page
@file_form
def save_canned_answer(request: HttpRequest, business_id: str) -> HttpResponse:
    """Create, change or delete a canned answer. `file` becomes a file of it."""
    form, file = request.POST, request.FILES.get("file")
    return _saved(request, business_id, lambda: apply_answer(request.user.pk, business_id, form, file))


def _saved(request: HttpRequest, business_id: str, apply: Callable[[], None]) -> HttpResponse:
    """Apply a form, and show the page again. A wrong entry stays in its form."""
    section = SECTIONS.get(request.POST.get("form", ""), "")
    try:
        charge(str(request.user.pk))
        apply()
    except DomainError as error:
        messages.error(request, refusal_of(error, text_of(error)), extra_tags=section)
        return _settings_page(request, business_id, request.POST, error.http_status)
    if request.POST.get("form") == "setup":  # the page of the inbox has it too
        return redirect("web:inbox")
    messages.success(request, gettext("Saved."), extra_tags=section)
    page = reverse("web:team-settings", kwargs={"business_id": business_id})
    return redirect(f"{page}#{section}")


def _settings_page(
    request: HttpRequest, business_id: str, typed: Mapping[str, Any] = NOTHING_TYPED, status: int = 200
) -> HttpResponse:
    me = load_me(request.user)
    context = settings_context(request.user, business_id, typed)
    setup = setup_list([row for row in me["businesses"] if row["id"] == business_id])
    shown = {**context, "typed": typed, "me": me, "setup": setup, "notices": _notices(request)}
    return render(request, "web/team_settings.html", shown, status=status)


def _notices(request: HttpRequest) -> dict[str, list[Message]]:
    """Return the notices of each section. `page` has those that belong to no section."""
    notices: defaultdict[str, list[Message]] = defaultdict(list)
    for message in messages.get_messages(request):
        known = message.extra_tags in SECTIONS.values()
        notices[message.extra_tags if known else "page"].append(message)
    return dict(notices)


@form_page
def team_members(request: HttpRequest, business_id: str) -> HttpResponse:
    """`/app/team/<business>/members`."""
    form, refusal = request.POST.get("form", ""), Refusal()
    if request.method == "POST":
        done, refusal = attempt(
            request.user.pk,
            lambda: members.apply_form(request.user.pk, business_id, request.POST),
            lambda error: members.refusal_of(error, form),
        )
        if done:
            messages.success(request, done)
            has_left = form == "remove" and request.POST.get("id") == str(request.user.pk)
            return (
                redirect("web:inbox") if has_left else redirect("web:team-members", business_id=business_id)
            )
        if refusal.text:
            messages.error(request, refusal.text)
    # A wrong entry stays in its form.
    typed = request.POST if form == "invite" else None
    context = members.members_context(request.user, business_id, typed)
    shown = {**context, "errors": refusal.fields, "me": load_me(request.user)}
    return render(request, "web/team_members.html", shown, status=refusal.status)


@require_safe
@page
@login_required
def team_reports(request: HttpRequest, business_id: str) -> HttpResponse:
    """`/app/team/<business>/reports?metric=&from=&to=&groupBy=`."""
    charge(str(request.user.pk), REPORT_COST)
    context = reports_context(request.user, business_id, request.GET)
    return render(request, "web/team_reports.html", {**context, "me": load_me(request.user)})
