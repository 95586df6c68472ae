"""The pages of a signed-in person. The server renders them whole; `page.js` takes over if scripts run."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from chatsite.identity.names import display_name
from chatsite.realtime.user_limit import charge
from chatsite.web import drafts
from chatsite.web.avatars import initials_of, tint_of
from chatsite.web.decorators import page
from chatsite.web.drafts import Draft
from chatsite.web.inbox import PAGE, TEAM_CHOICES, Inbox, load_inbox
from chatsite.web.notification_filters import type_choices
from chatsite.web.notification_settings import quiet_hours_of
from chatsite.web.push_session import push_session
from chatsite.web.saved_views import SavedLink, saved_links
from chatsite.web.setup_list import setup_list
from chatsite.web.team_data import team_session
from chatsite.web.thread import MOST_PRINTED, printed_rows, thread_context
from conversations import access, queries
from conversations.models import Conversation
from notifications.currencies import MINOR_DIGITS

PRINT_COST = 10.0  # of the user's limit: a page of up to 5,000 messages


@require_safe
@page
@login_required
@ensure_csrf_cookie
def inbox(request: HttpRequest) -> HttpResponse:
    """`/app/`: the list without an open conversation."""
    return render(request, "web/app.html", _app_context(request, load_inbox(request), screen="list"))


@require_safe
@page
@login_required
@ensure_csrf_cookie
def conversation(request: HttpRequest, conversation_id: str) -> HttpResponse:
    """`/app/c/<id>`: the list, and the conversation beside it (on a phone the conversation alone)."""
    signed_out = gettext("You were signed out, so this message has not been sent yet.")
    return render_conversation(request, conversation_id, drafts.kept(request, conversation_id, signed_out))


def render_conversation(
    request: HttpRequest, conversation_id: str, draft: Draft | None = None, *, status: int = 200
) -> HttpResponse:
    """Render a conversation, with a rejected message in its form."""
    found, side = access.find_conversation(request.user.pk, conversation_id)
    loaded = load_inbox(request, current=found.pk)
    context = _app_context(request, loaded, screen="thread")
    context |= {
        "conversation": _pane_context(found, side),
        "thread": thread_context(request.user, found, side, request),
    }
    return render(request, "web/app.html", {**context, "draft": draft}, status=status)


@require_safe
@page
@login_required
def thread(request: HttpRequest, conversation_id: str) -> HttpResponse:
    """Render the conversation alone, for a page that is already loaded."""
    found, side = access.find_conversation(request.user.pk, conversation_id)
    context = {
        "conversation": _pane_context(found, side),
        "thread": thread_context(request.user, found, side, request),
    }
    return render(request, "web/_pane.html", context)


@require_safe
@page
@login_required
def print_conversation(request: HttpRequest, conversation_id: str) -> HttpResponse:
    """Render all messages of a conversation on one page, to be printed."""
    charge(str(request.user.pk), PRINT_COST)
    found, side = access.find_conversation(request.user.pk, conversation_id)
    rows, shortened = printed_rows(request.user, found, side)
    context = {"conversation": _pane_context(found, side), "rows": rows}
    return render(
        request, "web/print.html", {**context, "shortened": shortened, "most": MOST_PRINTED, "on_paper": True}
    )


@require_safe
@page
@login_required
@ensure_csrf_cookie
def find(request: HttpRequest) -> HttpResponse:
    """`/app/find?q=`: businesses to write to."""
    term = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    loaded = load_inbox(request)
    own = [business["id"] for business in loaded.businesses]  # nobody is a customer of their own business
    found = [
        {"id": row.pk, "name": row.name, "initials": initials_of(row.name), "tint": tint_of(str(row.pk))}
        for row in queries.businesses(term).exclude(pk__in=own)[:PAGE]
    ]
    context = _app_context(request, loaded, screen="find")
    return render(request, "web/app.html", {**context, "term": term, "found": found})


def _pane_context(found: Conversation, side: str) -> dict[str, Any]:
    """Return the data for the header of the conversation."""
    is_customer = side == "customer"
    person = found.customer
    name = found.business.name if is_customer else display_name(person)
    archived = found.customer_archived if is_customer else found.business_archived
    unread = found.customer_unread if is_customer else found.business_unread
    return {
        "id": str(found.pk),
        "name": name,
        "tint": tint_of(str(found.business_id if is_customer else person.pk)),
        "business_name": "" if is_customer else found.business.name,
        "archived": archived,
        "unread": unread,
        "side": side,
    }


def _app_context(request: HttpRequest, loaded: Inbox, *, screen: str) -> dict[str, Any]:
    saved: list[SavedLink] = saved_links(request.user.pk, loaded) if loaded.businesses else []
    session = {
        "me": {"id": loaded.me["id"], "name": loaded.me["name"]},
        "businesses": loaded.businesses,
        "language": get_language(),
        "filters": {
            "show": loaded.filters.shown,
            "business": loaded.filters.business_id,
            "q": loaded.filters.search,
            **loaded.filters.team,
        },
        "unreadNotifications": loaded.unread_notifications,
        "notificationTypes": type_choices(is_member=bool(loaded.businesses)),
        "views": [link.view for link in saved],
        "team": _team(request, loaded),
        "people": loaded.people,
        "currencies": MINOR_DIGITS if loaded.businesses else {},
        "page": PAGE,
        "push": push_session(request),
        "quietHours": quiet_hours_of(request.user.pk),
        "assistants": bool(settings.CHAT_ASSISTANTS),
        "urls": _urls(),
    }
    return {
        "inbox": loaded,
        "screen": screen,
        "session": session,
        "filters": _filter_links(loaded),
        "team_choices": TEAM_CHOICES,
        "saved_views": saved,
        "setup": setup_list(loaded.businesses) if loaded.businesses else None,
        "me": loaded.me,
    }


def _team(request: HttpRequest, loaded: Inbox) -> dict[str, Any] | None:
    shown = [row.id for row in loaded.rows]
    return team_session(request.user.pk, loaded.businesses, shown) if loaded.businesses else None


def _urls() -> dict[str, str]:
    return {
        "chat": f"{reverse('web:landing')}chat",
        "inbox": reverse("web:inbox"),
        "find": reverse("web:find"),
        "signIn": resolve_url(settings.LOGIN_URL),
    }


def _filter_links(loaded: Inbox) -> list[dict[str, Any]]:
    return [
        {"key": key, "address": loaded.filters.address(show=key), "current": key == loaded.filters.shown}
        for key in ("all", "unread", "archived")
    ]
