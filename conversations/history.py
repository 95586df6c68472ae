"""Read messages: by page, one by one, and those that a client has missed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet

from chatsite.database.pipeline import ask, ask_rows, pipelined
from chatsite.errors import DomainError, not_found
from chatsite.http.byte_budget import ByteBudget
from conversations import access
from conversations.access import UserId, object_key, other_side
from conversations.columns import MESSAGES
from conversations.models import ChatMessage, Conversation, MessageEdit
from conversations.own_objects import personal_objects
from conversations.serializers import (
    MessageObject,
    SyncedConversation,
    messages_from_rows,
)
from conversations.team_revs import with_team_revs

ABOVE_ALL: Final = 2**62  # a `seq` that no message reaches
READ: Final = 100  # rows of one query of a sync


@dataclass
class MessagePage:
    """Messages in ascending `seq`. `older` and `newer` tell whether more messages exist on that side."""

    messages: list[MessageObject]
    older: bool
    newer: bool


def _messages() -> QuerySet[ChatMessage, tuple[Any, ...]]:
    return ChatMessage.objects.order_by().values_list(*MESSAGES.names)


def message_page(
    conversation_id: UUID, *, before: int | None = None, after: int | None = None, limit: int
) -> MessagePage:
    """Return the newest messages, or those before or after a `seq` (exclusive). One query."""
    return ask_page(conversation_id, before=before, after=after, limit=limit)()


def find_page(
    user_id: UserId, raw_id: str, *, before: int | None, after: int | None, limit: int
) -> tuple[Conversation, str, MessagePage]:
    """Return the conversation, the user's side and a page of messages. One round trip on PostgreSQL."""
    key = object_key(raw_id, "conversation")
    with pipelined():
        found = access.ask_side(user_id, key)
        page = ask_page(key, before=before, after=after, limit=limit)
        conversation, side = found()
        return conversation, side, page()


def ask_page(
    conversation_id: UUID, *, before: int | None, after: int | None, limit: int
) -> Callable[[], MessagePage]:
    """Like `message_page`, for a pipeline."""
    is_forward = after is not None and before is None
    above, below = (-1 if after is None else after), (ABOVE_ALL if before is None else before)
    if connection.vendor == "postgresql":
        parameters = [conversation_id, above, below, limit + 1]
        rows = ask(_page_statement(is_forward), parameters, binary=True)
    else:
        found = _messages().filter(conversation_id=conversation_id, seq__gt=above, seq__lt=below)
        rows = ask_rows(found.order_by("seq" if is_forward else "-seq")[: limit + 1])
    if is_forward:
        return lambda: _page_after(rows(), after=above, limit=limit)
    return lambda: _page_before(rows(), before=before, limit=limit)


@functools.cache
def _page_statement(is_forward: bool) -> str:
    """Build the statement once. Compiling it for each page would cost more time than PostgreSQL needs to run it."""
    return f"""
        SELECT {", ".join(MESSAGES.names)} FROM {MESSAGES.database_name}
        WHERE conversation_id = %s AND seq > %s AND seq < %s
        ORDER BY seq {"ASC" if is_forward else "DESC"} LIMIT %s"""


def _page_after(rows: Sequence[tuple[Any, ...]], *, after: int, limit: int) -> MessagePage:
    messages = ByteBudget().take_first(messages_from_rows(rows[:limit]))
    return MessagePage(messages, older=after > 0, newer=len(rows) > len(messages))


def _page_before(rows: Sequence[tuple[Any, ...]], *, before: int | None, limit: int) -> MessagePage:
    """Build a page from rows that are `MESSAGES.names`, by descending `seq`.

    There is one row more than `limit` if the conversation has older messages.
    """
    messages = ByteBudget().take_first(messages_from_rows(rows[:limit]))
    # `seq` has no gaps: without a message at `before - 1`, the conversation ends below it.
    newer = before is not None and bool(messages) and messages[0].seq == before - 1
    return MessagePage(messages[::-1], older=len(rows) > len(messages), newer=newer)


def message_page_around(conversation_id: UUID, *, around: int, limit: int) -> MessagePage:
    """Return the message with this `seq` and the messages before and after it. Two queries.

    A `seq` beyond either end returns the messages at that end.
    """
    rows = _messages().filter(conversation_id=conversation_id)
    before = max(limit // 2, 1)
    older = list(rows.filter(seq__lte=around).order_by("-seq")[: before + 1])
    newer = list(rows.filter(seq__gt=around).order_by("seq")[: limit - before + 1])
    budget = ByteBudget()
    first = budget.take_first(messages_from_rows(older[:before]))
    following = newer[: limit - before]
    # The nearest messages come first. If no bytes are left, the following ones go to the next page.
    second = budget.take_first(messages_from_rows(following)) if budget.left > 0 or not first else []
    return MessagePage([*first[::-1], *second], older=len(older) > len(first), newer=len(newer) > len(second))


def find_message(user_id: UserId, raw_id: str | UUID) -> MessageObject:
    """Return a message of a conversation that the user takes part in."""
    row = _messages().filter(pk=object_key(raw_id, "message")).first()
    if row is None:
        raise not_found("message")
    [message] = messages_from_rows([row])
    try:
        access.find_conversation(user_id, message.conversation_id)
    except DomainError as error:
        raise not_found("message") from error
    return message


def message_edits(user_id: UserId, raw_id: str | UUID) -> QuerySet[MessageEdit]:
    """Return the earlier versions of the message, oldest first. A deleted message has none."""
    message = find_message(user_id, raw_id)
    if message.deleted_at is not None:
        return MessageEdit.objects.none()
    return MessageEdit.objects.filter(message_id=message.id).order_by("id")


def undelivered(messages: Sequence[MessageObject], side: str) -> list[MessageObject]:
    """Return the messages of the other side that have not been delivered to `side`."""
    return [
        message
        for message in messages
        if message.status == "sent" and message.sender_side == other_side(side) and message.deleted_at is None
    ]


# --- Sync -------------------------------------------------------------------------------------------------------------


@dataclass
class Synced:
    """The changes that a client has missed. `sides` has the user's side in each conversation."""

    conversations: dict[str, SyncedConversation]
    sides: dict[UUID, str]


def changes_since(user_id: UserId, known: Mapping[str, int], budget: ByteBudget | None = None) -> Synced:
    """Return each conversation with every message whose `rev` is higher than the known one.

    Runs one query for the conversations, and one or a few for each that has changed. Leaves out conversations that the
    user may not see or that do not exist, and the client drops them. The answer stays below `answer_bytes`: if the
    changes of a conversation do not fit, it is marked `resync` and the client fetches it by pages. The most recently
    active conversations come first.
    """
    wanted: dict[UUID, tuple[str, int]] = {}
    for raw, rev in known.items():
        try:
            wanted[object_key(raw, "conversation")] = (raw, rev)
        except DomainError:
            continue  # An invalid id is treated like a conversation that does not exist.
    actor = access.load_actor(user_id)
    synced, budget = Synced({}, {}), budget or ByteBudget()
    both = Conversation.objects.select_related("business", "customer")
    found = with_team_revs(both).filter(pk__in=list(wanted))
    visible = [(row, side) for row in found.order_by("-active_at", "-id") if (side := actor.side_in(row))]
    for (conversation, side), shown in zip(visible, personal_objects(user_id, visible), strict=True):
        part = SyncedConversation(conversation=shown)
        budget.spend(part)
        synced.conversations[wanted[conversation.pk][0]] = part
        synced.sides[conversation.pk] = side
    for conversation, _ in visible:
        raw, rev = wanted[conversation.pk]
        _add_changes(synced.conversations[raw], conversation, rev, budget)
    return synced


def _add_changes(
    part: SyncedConversation, conversation: Conversation, known_rev: int, budget: ByteBudget
) -> None:
    # The conversation is read before its messages. A message written in between may have a higher rev than the
    # conversation, but no message is missing, and its event or the next sync brings the rest.
    if known_rev == conversation.rev:
        return
    # A client with a higher `rev` has seen changes that this database has lost, such as after a restore from a backup.
    if known_rev > conversation.rev or max(known_rev, 0) < conversation.rewritten_rev:
        part.resync = True
        return
    most = settings.CHAT.sync_messages
    changed = budget.take_all(islice(_changed_messages(conversation.pk, max(known_rev, 0)), most + 1))
    if changed is None or len(changed) > most:
        part.resync = True
    else:
        latest = {message.id: message for message in changed}
        part.messages = sorted(latest.values(), key=attrgetter("rev", "seq"))


def _changed_messages(conversation_id: UUID, known_rev: int) -> Iterator[MessageObject]:
    """Yield messages by `rev`. Reads small pages, so that memory holds no more than the answer needs.

    A message that changes between two pages may come twice. The later one is right.
    """
    rows = _messages().filter(conversation_id=conversation_id).order_by("rev", "seq")
    page = messages_from_rows(rows.filter(rev__gt=known_rev)[:READ])
    while page:
        yield from page
        if len(page) < READ:
            return
        last = page[-1]
        following = rows.filter(Q(rev__gt=last.rev) | Q(seq__gt=last.seq), rev__gte=last.rev)
        page = messages_from_rows(following[:READ])
