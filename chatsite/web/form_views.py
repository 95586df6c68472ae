"""The forms of the pages, for readers without scripts. Each form calls one operation and leads to a page."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from chatsite.errors import FAILED_DATABASE, DomainError, as_domain_error, invalid
from chatsite.realtime.user_limit import charge
from chatsite.web import auth_views, drafts, error_pages
from chatsite.web.decorators import file_form, form_action, page
from chatsite.web.drafts import Draft
from chatsite.web.rating import rate_by_form
from chatsite.web.views import render_conversation
from conversations import operations
from conversations.access import find_conversation
from conversations.attachments.operations import Upload, store_upload
from conversations.requests import SendBody

_SEND_PATH: Final = re.compile(r"/app/c/([0-9a-f-]{36})/send/?")


@form_action("web:find")
@page
@login_required
def open_conversation(request: HttpRequest) -> HttpResponse:
    """Open or create the conversation with the business `businessId`."""
    charge(str(request.user.pk))
    conversation, _, _ = operations.open_conversation(
        user_id=request.user.pk, business_id=request.POST.get("businessId", "")
    )
    return redirect("web:conversation", conversation_id=str(conversation.pk))


@form_action("web:conversation", "conversation_id")
@page
def send(request: HttpRequest, conversation_id: str) -> HttpResponse:
    """Send `content` with optional `clientId` and `replyTo`. A rejected message returns in the form with the reason."""
    draft = Draft.from_form(request, conversation_id)
    try:
        if not request.user.is_authenticated:
            return auth_views.sign_in_to_send(request, draft)
        charge(str(request.user.pk))
        operations.send_message(
            sender_id=request.user.pk,
            conversation_id=conversation_id,
            body=SendBody(
                content=draft.content, client_id=draft.client_id or None, reply_to=draft.reply_to or None
            ),
        )
        drafts.forget(request, conversation_id)
    except (DomainError, *FAILED_DATABASE) as failure:
        error = as_domain_error(failure)
        return _unsent(request, draft.refused(error_pages.text_of(error)), error.http_status)
    return redirect("web:conversation", conversation_id=conversation_id)


@form_action("web:conversation", "conversation_id")
@page
@file_form
def send_file(request: HttpRequest, conversation_id: str) -> HttpResponse:
    """Send `file` as a separate message, with optional `alt` and `clientId`."""
    draft = Draft(conversation_id, "")
    try:
        charge(str(request.user.pk))
        find_conversation(request.user.pk, conversation_id)
        file = request.FILES.get("file")
        if file is None:
            raise invalid("Choose a file.", field="file")
        alt = request.POST.get("alt", "")
        stored = store_upload(request.user.pk, Upload(file, file.name or "", file.size or 0, alt=alt))
        operations.send_message(
            sender_id=request.user.pk,
            conversation_id=conversation_id,
            body=SendBody(
                content="", client_id=request.POST.get("clientId") or None, attachment_ids=[str(stored.pk)]
            ),
        )
    except (DomainError, *FAILED_DATABASE) as failure:
        error = as_domain_error(failure)
        return _unsent(request, draft.refused(error_pages.text_of(error)), error.http_status)
    return redirect("web:conversation", conversation_id=conversation_id)


def _unsent(request: HttpRequest, draft: Draft, status: int) -> HttpResponse:
    """Show the draft in the form of its conversation, or in a form alone if the conversation cannot be shown."""
    try:
        return render_conversation(request, draft.conversation_id, draft, status=status)
    except (DomainError, *FAILED_DATABASE):
        context = {"draft": draft, "may_retry": status != 404}
        return render(request, "web/unsent.html", context, status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Answer a form with an old CSRF token, often after a sign-in in another tab. Shows the typed text again."""
    if error_pages.wants_json(request):
        return error_pages.stale_form(request)
    if sent := _SEND_PATH.fullmatch(request.path_info):
        text = gettext("This form has expired. Please check your message and send it again.")
        draft = Draft.from_form(request, sent[1]).refused(text)
        return page(partial(_stale_draft, draft=draft))(request)
    if request.path_info.rstrip("/") == reverse("web:sign-in"):
        return page(auth_views.stale_sign_in)(request)
    return error_pages.stale_form(request)


def _stale_draft(request: HttpRequest, draft: Draft) -> HttpResponse:
    if not request.user.is_authenticated:
        return auth_views.sign_in_to_send(request, draft)
    return _unsent(request, draft, 403)


@form_action("web:conversation", "conversation_id")
@page
@login_required
def read(request: HttpRequest, conversation_id: str) -> HttpResponse:
    """Mark the whole conversation as read."""
    charge(str(request.user.pk))
    operations.mark_read(user_id=request.user.pk, conversation_id=conversation_id)
    return redirect("web:conversation", conversation_id=conversation_id)


@form_action("web:conversation", "conversation_id")
@page
@login_required
def rate(request: HttpRequest, conversation_id: str) -> HttpResponse:
    """Keep the customer's rating: `score` from 1 to 5, and an optional `comment`."""
    charge(str(request.user.pk))
    rate_by_form(request.user.pk, conversation_id, request.POST)
    return redirect("web:conversation", conversation_id=conversation_id)


@form_action("web:conversation", "conversation_id")
@page
@login_required
def archive(request: HttpRequest, conversation_id: str) -> HttpResponse:
    """`archived`: 1 archives the conversation on the reader's side, 0 moves it back to the inbox."""
    charge(str(request.user.pk))
    archived = request.POST.get("archived") == "1"
    operations.archive_conversation(
        user_id=request.user.pk, conversation_id=conversation_id, archived=archived
    )
    if archived:
        return redirect("web:inbox")
    return redirect("web:conversation", conversation_id=conversation_id)
