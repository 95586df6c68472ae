"""What forms of the pages do, for readers without scripts: one operation each, then back to a page."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from chatsite.errors import DomainError
from chatsite.web.error_pages import text_of
from chatsite.web.policy import page
from conversations import operations


@require_POST
@page
@login_required
def open_conversation(request: HttpRequest) -> HttpResponse:
    """`businessId`: the conversation with it, made where there is none."""
    conversation, _, _ = operations.open_conversation(
        user_id=request.user.pk, business_id=request.POST.get("businessId", "")
    )
    return redirect("web:conversation", conversation_id=str(conversation.pk))


@require_POST
@page
@login_required
def send(request: HttpRequest, conversation_id: str) -> HttpResponse:
    """`content`, `clientId?`, `replyTo?`. A refusal is told on the conversation's page."""
    try:
        operations.send_message(
            sender_id=request.user.pk,
            conversation_id=conversation_id,
            content=request.POST.get("content", ""),
            client_id=request.POST.get("clientId") or None,
            reply_to=request.POST.get("replyTo") or None,
        )
    except DomainError as error:
        if error.code == "not_found":
            raise
        messages.error(request, text_of(error))
    return redirect("web:conversation", conversation_id=conversation_id)


@require_POST
@page
@login_required
def read(request: HttpRequest, conversation_id: str) -> HttpResponse:
    """All of the conversation has been read."""
    operations.mark_read(user_id=request.user.pk, conversation_id=conversation_id)
    return redirect("web:conversation", conversation_id=conversation_id)


@require_POST
@page
@login_required
def archive(request: HttpRequest, conversation_id: str) -> HttpResponse:
    """`archived`: 1 puts the conversation away on the reader's side, 0 takes it back."""
    archived = request.POST.get("archived") == "1"
    operations.archive_conversation(
        user_id=request.user.pk, conversation_id=conversation_id, archived=archived
    )
    if archived:
        return redirect("web:inbox")
    return redirect("web:conversation", conversation_id=conversation_id)
