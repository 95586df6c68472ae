"""The pages of a team: its settings and its reports. They need no scripts."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from chatsite.errors import DomainError
from chatsite.realtime.user_limit import charge
from chatsite.web.error_pages import text_of
from chatsite.web.inbox import load_me
from chatsite.web.policy import page
from chatsite.web.team_reports import reports_context
from chatsite.web.team_settings import apply_form, refusal_of, settings_context

REPORT_COST = 10.0  # of the user's limit, as over REST


@require_http_methods(["GET", "HEAD", "POST"])
@page
@login_required
def team_settings(request: HttpRequest, business_id: str) -> HttpResponse:
    """`/app/team/<business>/settings`."""
    status = 200
    if request.method == "POST":
        try:
            charge(str(request.user.pk))
            apply_form(request.user.pk, business_id, request.POST)
        except DomainError as error:
            messages.error(request, refusal_of(error, text_of(error)))
            status = error.http_status
        else:
            messages.success(request, gettext("Saved."))
            return redirect("web:team-settings", business_id=business_id)
    # A wrong entry stays in its form.
    typed = request.POST if status != 200 else {}
    context = settings_context(request.user, business_id, typed)
    return render(
        request,
        "web/team_settings.html",
        {**context, "typed": typed, "me": load_me(request.user)},
        status=status,
    )


@require_safe
@page
@login_required
def team_reports(request: HttpRequest, business_id: str) -> HttpResponse:
    """`/app/team/<business>/reports?metric=&from=&to=&groupBy=`."""
    charge(str(request.user.pk), REPORT_COST)
    context = reports_context(request.user, business_id, request.GET)
    return render(request, "web/team_reports.html", {**context, "me": load_me(request.user)})
