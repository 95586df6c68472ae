"""The widget of a business in the page, for its owners. It needs no scripts."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from chatsite.errors import DomainError
from chatsite.web.decorators import form_page
from chatsite.web.error_pages import text_of
from chatsite.web.inbox import load_me
from chatsite.web.integration_errors import Refusal, attempt
from chatsite.widget import access, operations
from chatsite.widget.models import WidgetSite
from chatsite.widget.operations import WidgetSettings
from conversations.models import Business

ACCENT: Final = "#2f5bea"  # what the field for a colour shows until one is chosen
FIELDS: Final = ("origins", "title", "greeting", "accent", "question")


@form_page
def widget_settings(request: HttpRequest, business_id: str) -> HttpResponse:
    """`/app/team/<business>/widget`."""
    business = access.find_owned_business(request.user.pk, business_id)
    refusal = Refusal()
    if request.method == "POST":
        done, refusal = attempt(request.user.pk, lambda: _apply_form(business, request.POST), _refusal_of)
        if done:
            messages.success(request, gettext("Saved."))
            return redirect("widget_pages:settings", business_id=business_id)
        if refusal.text:
            messages.error(request, refusal.text)
    typed = request.POST if refusal.status != 200 else None
    context = {**_context(request, business, typed), "errors": refusal.fields, "me": load_me(request.user)}
    return render(request, "web/team_widget.html", context, status=refusal.status)


def _context(request: HttpRequest, business: Business, typed: QueryDict | None) -> dict[str, Any]:
    site = WidgetSite.objects.filter(business=business).first()
    loader = request.build_absolute_uri(reverse("widget-loader"))
    return {
        "business": business,
        "is_owner": True,
        "section": "widget",
        "heading": gettext("Widget"),
        "site": site,
        "code": f'<script async src="{loader}" data-business="{business.slug}"></script>',
        "entry": _entry(site, typed) if site else {},
    }


def _entry(site: WidgetSite, typed: QueryDict | None) -> dict[str, Any]:
    """Return what the fields contain: what was typed, or what the widget has."""
    if typed is not None:
        texts = {name: typed.get(name, "") for name in FIELDS}
        return {**texts, **{name: name in typed for name in ("enabled", "guests", "coloured", "asks")}}
    return {
        "origins": "\n".join(site.origins),
        "title": site.title,
        "greeting": site.greeting,
        "accent": site.accent or ACCENT,
        "enabled": site.enabled,
        "guests": site.guests_allowed,
        "coloured": bool(site.accent),
        "asks": site.asks_first,
        "question": site.form_question,
    }


def _apply_form(business: Business, form: QueryDict) -> WidgetSite:
    """Make the widget, or set what the form has."""
    site = WidgetSite.objects.filter(business=business).first()
    if site is None or form.get("form") == "create":
        return operations.create_site(business=business, chosen=WidgetSettings())[0]
    chosen = WidgetSettings(
        enabled="enabled" in form,
        origins=form.get("origins", "").split(),
        guests_allowed="guests" in form,
        title=form.get("title", ""),
        greeting=form.get("greeting", "").replace("\r\n", "\n"),
        accent=form.get("accent", "") if "coloured" in form else "",
        asks_first="asks" in form,
        form_question=form.get("question", ""),
    )
    return operations.change_site(site_id=site.pk, chosen=chosen)


def _refusal_of(error: DomainError) -> Refusal:
    """Return the text beside the field that is wrong, if it is one of the page's, or for the whole form."""
    name, text = str((error.details or {}).get("field", "")), text_of(error)
    if name == "origins" and error.code == "invalid":
        text = gettext("Write one origin on each line, like https://www.example.com.")
    if name == "formQuestion":
        name = "question"
    if name in FIELDS:
        return Refusal(error.http_status, fields={name: text})
    return Refusal(error.http_status, text)
