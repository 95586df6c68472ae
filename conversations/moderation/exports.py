"""Export the transcript of a conversation or the data of a person, as JSON Lines.

Lines are created while they are sent, from small pages of rows, so the memory does not grow with the size of the
export. The last line is `{"kind": "end", "lines": n}`; a file without it is incomplete. Hidden and deleted messages are
exported with their content, because exports are for moderators and for legal requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final
from uuid import UUID

import msgspec
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet

from chatsite.errors import not_found
from chatsite.identity.names import email_field, name_fields
from conversations.access import UserId, object_key
from conversations.attachment_objects import stored_attachment
from conversations.attachments.file_lines import file_lines
from conversations.models import ChatMessage, Conversation, Membership, MessageEdit
from conversations.moderation.audit import clean_reason, record, require_permission
from conversations.moderation.models import AuditEntry, Report
from conversations.moderation.personal_export import personal_lines
from conversations.moderation.reports import report_object
from conversations.serializers import business_object, person_object

PAGE: Final = 100
EDITS: Final = 20  # earlier versions in the line of a message; others have separate lines

Lines = Iterator[bytes]

# The data that other apps store about a person, by kind of line. An app adds its own in `AppConfig.ready`.
person_sections: Final[dict[str, Callable[[UserId], Iterable[Any]]]] = {}


@transaction.atomic
def export_transcript(*, actor: Any | None, conversation_id: str | UUID, reason: str) -> Lines:
    """Export a conversation with all its messages in the order of `seq`, and their earlier versions."""
    require_permission(actor, "export_transcript")
    reason = clean_reason(reason)
    key = object_key(conversation_id, "conversation")
    conversation = Conversation.objects.select_related("business", "customer").filter(pk=key).first()
    if conversation is None:
        raise not_found("conversation")
    record(actor=actor, action=AuditEntry.Action.EXPORT_TRANSCRIPT, subject=conversation, reason=reason)
    return _encoded(_transcript(conversation))


@transaction.atomic
def export_person(*, actor: Any | None, user_id: UserId, reason: str) -> Lines:
    """Export everything that the site stores about a person: account, memberships, conversations, messages, reports.

    Messages of others are not included. A transcript has them.
    """
    require_permission(actor, "export_person")
    reason = clean_reason(reason)
    user = get_user_model()._default_manager.filter(pk=user_id).first()
    if user is None:
        raise not_found("user")
    record(actor=actor, action=AuditEntry.Action.EXPORT_PERSON, subject=user, reason=reason)
    return _encoded(_person(user))


def _encoded(objects: Iterable[tuple[str, Any]]) -> Lines:
    lines = 0
    for kind, data in objects:
        yield msgspec.json.encode({"kind": kind, **msgspec.to_builtins(data, enc_hook=str)}) + b"\n"
        lines += 1
    yield msgspec.json.encode({"kind": "end", "lines": lines}) + b"\n"


# --- A conversation ---------------------------------------------------------------------------------------------------


def _transcript(conversation: Conversation) -> Iterator[tuple[str, Any]]:
    yield "conversation", _conversation_line(conversation)
    yield from _messages(ChatMessage.objects.filter(conversation=conversation))


def _messages(rows: QuerySet[ChatMessage]) -> Iterator[tuple[str, Any]]:
    """Yield the messages of one conversation with their earlier versions. Reads them by page."""
    after = 0
    while page := list(rows.filter(seq__gt=after).order_by("seq")[:PAGE]):
        in_page = MessageEdit.objects.filter(message__in=page).order_by()
        edited = set(in_page.values_list("message_id", flat=True).distinct())
        for message in page:
            edits = _edits(message) if message.pk in edited else iter(())
            yield "message", {**_message_line(message), "edits": list(islice(edits, EDITS))}
            for edit in edits:
                yield "edit", {"messageId": message.pk, **edit}
            yield from file_lines(message)
        after = page[-1].seq


def _edits(message: ChatMessage) -> Iterator[dict[str, Any]]:
    rows = MessageEdit.objects.filter(message=message).order_by("pk")
    page = list(rows[:EDITS])
    while page:
        yield from ({"content": edit.content, "replacedAt": edit.replaced_at} for edit in page)
        page = list(rows.filter(pk__gt=page[-1].pk)[:EDITS]) if len(page) == EDITS else []


def _conversation_line(conversation: Conversation) -> dict[str, Any]:
    return {
        "id": conversation.pk,
        "business": business_object(conversation.business),
        "customer": person_object(conversation.customer),
        "lastSeq": conversation.last_seq,
        "frozenAt": conversation.frozen_at,
        "createdAt": conversation.created_at,
    }


def _message_line(message: ChatMessage) -> dict[str, Any]:
    return {
        "id": message.pk,
        "conversationId": message.conversation_id,
        "seq": message.seq,
        "senderId": None if message.sender_id is None else str(message.sender_id),
        "senderSide": message.sender_side,
        "messageType": message.message_type,
        "content": message.content,
        "status": message.status,
        "createdAt": message.created_at,
        "deliveredAt": message.delivered_at,
        "readAt": message.read_at,
        "editedAt": message.edited_at,
        "deletedAt": message.deleted_at,
        "hiddenAt": message.hidden_at,
        "replyTo": message.reply_to_id,
        "files": [stored_attachment(row) for row in message.files.order_by("position")]
        if message.attachments
        else [],
    }


# --- A person ---------------------------------------------------------------------------------------------------------


def _person(user: Any) -> Iterator[tuple[str, Any]]:
    yield "person", _account_line(user)
    for membership in Membership.objects.filter(user=user).select_related("business").order_by("pk"):
        line = {"business": business_object(membership.business), "role": membership.role}
        yield "membership", {**line, "createdAt": membership.created_at}
    for conversation in _own_conversations(user.pk):
        yield "conversation", _conversation_line(conversation)
    for conversation_id in conversations_written_in(user.pk):
        yield from _messages(ChatMessage.objects.filter(conversation=conversation_id, sender=user))
    for report in Report.objects.filter(reporter=user).order_by("pk").iterator(chunk_size=PAGE):
        yield "report", report_object(report)
    yield from personal_lines(user.pk)
    for kind, section in person_sections.items():
        for data in section(user.pk):
            yield kind, data


def _account_line(user: Any) -> dict[str, Any]:
    return {
        **msgspec.to_builtins(person_object(user)),
        "username": user.get_username(),
        **{_camel(field): getattr(user, field) for field in name_fields()},
        "email": getattr(user, email_field() or "", ""),
        "isActive": user.is_active,
        "dateJoined": getattr(user, "date_joined", None),
        "lastLogin": user.last_login,
    }


def _camel(field: str) -> str:
    first, *others = field.split("_")
    return first + "".join(word.title() for word in others)


def _own_conversations(user_id: UserId) -> Iterator[Conversation]:
    rows = (
        Conversation.objects.filter(customer_id=user_id).select_related("business", "customer").order_by("pk")
    )
    page = list(rows[:PAGE])
    while page:
        yield from page
        page = list(rows.filter(pk__gt=page[-1].pk)[:PAGE])


def conversations_written_in(user_id: UserId) -> list[UUID]:
    """Return the conversations in which the person has written, also for a business that the person has left.

    Messages have no index by sender, because it would slow down every insert. So this reads all messages once, which
    takes a second for a few million. Exports and erasures are rare.
    """
    rows = ChatMessage.objects.filter(sender_id=user_id).order_by()
    return sorted(rows.values_list("conversation_id", flat=True).distinct())
