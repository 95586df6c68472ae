"""What was said in a conversation: by pages, one by one, and what a client has missed of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from chatsite.errors import DomainError, not_found
from conversations import access
from conversations.access import UserId, object_key, other_side
from conversations.models import ChatMessage, Conversation, MessageEdit
from conversations.serializers import (
    MESSAGE_COLUMNS,
    EditObject,
    MessageObject,
    SyncedConversation,
    conversation_object,
    message_from_row,
)


@dataclass
class MessagePage:
    """Messages in ascending `seq`; `older` and `newer` tell whether there are more on that side."""

    messages: list[MessageObject]
    older: bool
    newer: bool


def _messages() -> QuerySet[ChatMessage, tuple[Any, ...]]:
    return ChatMessage.objects.order_by().values_list(*MESSAGE_COLUMNS)


def message_page(
    conversation_id: UUID, *, before: int | None = None, after: int | None = None, limit: int
) -> MessagePage:
    """The newest messages, or those before or after a `seq` (exclusive). One query."""
    rows = _messages().filter(conversation_id=conversation_id)
    if before is not None:
        rows = rows.filter(seq__lt=before)
    if after is not None:
        rows = rows.filter(seq__gt=after)
    forward = after is not None and before is None
    found = rows.order_by("seq" if forward else "-seq")[: limit + 1]
    if not forward:
        return page_before(list(found), before=before, limit=limit)
    messages = [message_from_row(row) for row in found]
    return MessagePage(messages[:limit], older=after is not None and after > 0, newer=len(messages) > limit)


def page_before(rows: Sequence[tuple[Any, ...]], *, before: int | None, limit: int) -> MessagePage:
    """The page of these rows, MESSAGE_COLUMNS and perhaps more, which are by descending `seq` and one more than
    `limit` where there are older ones."""
    messages = [message_from_row(row) for row in reversed(rows[:limit])]
    return MessagePage(messages, older=len(rows) > limit, newer=before is not None)


def find_message(user_id: UserId, raw_id: str | UUID) -> MessageObject:
    """A message of a conversation that the user takes part in."""
    row = _messages().filter(pk=object_key(raw_id, "message")).first()
    if row is None:
        raise not_found("message")
    message = message_from_row(row)
    try:
        access.find_conversation(user_id, message.conversation_id)
    except DomainError as error:
        raise not_found("message") from error
    return message


def message_edits(user_id: UserId, raw_id: str | UUID) -> list[EditObject]:
    """What the message said before, oldest first; nothing of one that is deleted."""
    message = find_message(user_id, raw_id)
    if message.deleted_at is not None:
        return []
    edits = MessageEdit.objects.filter(message_id=message.id).order_by("id")
    return [EditObject(content=edit.content, replaced_at=edit.replaced_at) for edit in edits]


def undelivered(messages: Sequence[MessageObject], side: str) -> list[MessageObject]:
    """Those that reach `side` for the first time by being read from the database."""
    return [
        message
        for message in messages
        if message.status == "sent" and message.sender_side == other_side(side) and message.deleted_at is None
    ]


# --- Sync -------------------------------------------------------------------------------------------------------------


@dataclass
class Synced:
    """What a client has missed: `sides` tells on which side it stands in each conversation."""

    conversations: dict[str, SyncedConversation]
    sides: dict[UUID, str]


def changes_since(user_id: UserId, known: Mapping[str, int]) -> Synced:
    """For each conversation its object and every message whose `rev` is higher than the known one.

    One query for the conversations, and one for each that has changed. A conversation that the user may not see, or
    that is not there, is left out: the client drops it.
    """
    wanted: dict[UUID, tuple[str, int]] = {}
    for raw, rev in known.items():
        try:
            wanted[object_key(raw, "conversation")] = (raw, rev)
        except DomainError:
            continue  # not an id: looks like every other conversation that is not there
    actor = access.load_actor(user_id)
    synced = Synced({}, {})
    found = Conversation.objects.select_related("business", "customer").filter(pk__in=list(wanted))
    for conversation in found:
        side = actor.side_in(conversation)
        if side is not None:
            raw, rev = wanted[conversation.pk]
            synced.conversations[raw] = _changes_of(conversation, side, rev)
            synced.sides[conversation.pk] = side
    return synced


def _changes_of(conversation: Conversation, side: str, known_rev: int) -> SyncedConversation:
    # The object was read first: a message that was written since may be among these and have a higher rev than the
    # object says, never the other way round. So there is no hole, and its event or the next sync agrees.
    answer = SyncedConversation(conversation=conversation_object(conversation, side))
    if known_rev >= conversation.rev:
        return answer
    if max(known_rev, 0) < conversation.rewritten_rev:
        answer.resync = True
        return answer
    most = settings.CHAT.sync_messages
    rows = _messages().filter(conversation_id=conversation.pk, rev__gt=known_rev).order_by("rev", "seq")
    changed = [message_from_row(row) for row in rows[: most + 1]]
    if len(changed) > most:
        answer.resync = True
    else:
        answer.messages = changed
    return answer
