"""Everything that is read, each in a number of queries that does not depend on how much there is."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from chatsite.errors import DomainError, invalid, not_found
from conversations import access
from conversations.access import UserId, object_key, other_side
from conversations.models import Business, ChatMessage, Conversation, Membership, MessageEdit, Side
from conversations.serializers import (
    MESSAGE_COLUMNS,
    BusinessObject,
    ConversationObject,
    EditObject,
    Head,
    MessageObject,
    SyncedConversation,
    UnreadAnswer,
    conversation_object,
    message_from_row,
)

# --- Messages ---------------------------------------------------------------------------------------------------------


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
    found = [message_from_row(row) for row in rows.order_by("seq" if forward else "-seq")[: limit + 1]]
    more = len(found) > limit
    found = found[:limit] if forward else found[:limit][::-1]
    if forward:
        return MessagePage(found, older=after is not None and after > 0, newer=more)
    return MessagePage(found, older=more, newer=before is not None)


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


# --- Conversations ----------------------------------------------------------------------------------------------------


@dataclass
class ConversationPage:
    conversations: list[ConversationObject]
    next: str | None
    previous: str | None


class _Cursor(msgspec.Struct, array_like=True):
    """A place in a list by activity: everything after it, or (`back`) before it."""

    active_at: str
    id: UUID
    back: bool

    def encoded(self) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")

    @classmethod
    def decoded(cls, raw: str) -> _Cursor:
        try:
            cursor = msgspec.json.decode(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)), type=cls)
            when = parse_datetime(cursor.active_at)
            if when is None or when.tzinfo is None:
                raise ValueError(cursor.active_at)
            when.astimezone(UTC)  # a time that has no place in UTC cannot be compared with
        except (ValueError, OverflowError, msgspec.MsgspecError) as error:
            raise invalid("The cursor is not one that this list gave out.", field="cursor") from error
        return cursor


def conversation_page(
    user_id: UserId,
    *,
    cursor: str | None = None,
    limit: int,
    archived: bool | None = None,
    business_id: str | None = None,
) -> ConversationPage:
    """The user's conversations, newest activity first. Three queries, each over an index.

    A user may be a customer here and speak for several businesses there, and an OR of these would sort everything
    there is; so each scope gives its first rows from its own index, and the union of these is sorted.
    """
    at = _Cursor.decoded(cursor) if cursor else None
    mine = access.load_actor(user_id).businesses
    scopes = _scopes(user_id, mine, business_id, archived)
    keys = _first_keys(scopes, at, limit + 1)
    back = at is not None and at.back
    more = len(keys) > limit
    keys = keys[:limit][::-1] if back else keys[:limit]
    found = Conversation.objects.select_related("business", "customer").in_bulk([key for key, _ in keys])
    objects = [
        conversation_object(found[key], Side.CUSTOMER if found[key].customer_id == user_id else Side.BUSINESS)
        for key, _ in keys
        if key in found
    ]
    return ConversationPage(
        objects,
        next=_Cursor(keys[-1][1].isoformat(), keys[-1][0], False).encoded()
        if keys and (more or back)
        else None,
        previous=_Cursor(keys[0][1].isoformat(), keys[0][0], True).encoded()
        if keys and at is not None and (more or not back)
        else None,
    )


def _scopes(user_id: UserId, mine: set[UUID], business_id: str | None, archived: bool | None) -> list[Q]:
    only = None if business_id is None else object_key(business_id, "business")
    scopes = []
    customer = Q(customer_id=user_id)
    if only is not None:
        customer &= Q(business_id=only)
    if archived is not None:
        customer &= Q(customer_archived=archived)
    scopes.append(customer)
    for business in sorted(mine if only is None else mine & {only}):
        scope = Q(business_id=business)
        if archived is not None:
            scope &= Q(business_archived=archived)
        scopes.append(scope)
    return scopes


def _first_keys(scopes: list[Q], at: _Cursor | None, limit: int) -> list[tuple[UUID, datetime]]:
    """The first `limit` ids of the union of the scopes, from the cursor on, in one statement."""
    back = at is not None and at.back
    order = ("active_at", "id") if back else ("-active_at", "-id")
    branches: list[str] = []
    parameters: list[Any] = []
    for scope in scopes:
        rows = Conversation.objects.filter(scope)
        if at is not None:
            when = parse_datetime(at.active_at)
            rows = rows.filter(
                Q(active_at__gt=when) | Q(active_at=when, id__gt=at.id)
                if back
                else Q(active_at__lt=when) | Q(active_at=when, id__lt=at.id)
            )
            rows = rows.filter(active_at__gte=when) if back else rows.filter(active_at__lte=when)
        sql, values = rows.order_by(*order).values("id", "active_at")[:limit].query.sql_with_params()
        branches.append(f"SELECT * FROM ({sql}) AS branch")
        parameters += values
    direction = "ASC" if back else "DESC"
    union = " UNION ALL ".join(branches)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, active_at FROM ({union}) AS found "
            f"ORDER BY active_at {direction}, id {direction} LIMIT {limit}",
            parameters,
        )
        return [_as_key(row) for row in cursor.fetchall()]


def _as_key(row: tuple[Any, Any]) -> tuple[UUID, datetime]:
    """SQLite gives text and times without a zone for what PostgreSQL gives as objects."""
    key, when = row
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return (key if isinstance(key, UUID) else UUID(key)), when


def unread(user_id: UserId) -> UnreadAnswer:
    """What the user's sides have not read, by conversation. Three queries over partial indexes."""
    mine = access.load_actor(user_id).businesses
    customer = Conversation.objects.filter(customer_id=user_id, customer_unread__gt=0)
    counts = dict(customer.order_by().values_list("pk", "customer_unread"))
    business = Conversation.objects.filter(business_id__in=mine, business_unread__gt=0)
    counts.update(business.order_by().values_list("pk", "business_unread"))
    return UnreadAnswer(total=sum(counts.values()), conversations=counts)


def heads(conversation_ids: Sequence[UUID]) -> dict[UUID, Head]:
    """How far these conversations have come. One query; the caller has checked access."""
    rows = Conversation.objects.filter(pk__in=conversation_ids).order_by()
    return {key: Head(last_seq=seq, rev=rev) for key, seq, rev in rows.values_list("pk", "last_seq", "rev")}


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
    most = settings.CHAT.sync_messages
    rows = _messages().filter(conversation_id=conversation.pk, rev__gt=known_rev).order_by("rev", "seq")
    changed = [message_from_row(row) for row in rows[: most + 1]]
    if len(changed) > most:
        answer.resync = True
    else:
        answer.messages = changed
    return answer


# --- Businesses -------------------------------------------------------------------------------------------------------


def businesses(search: str) -> QuerySet[Business]:
    """The directory that customers choose from, by name."""
    found = Business.objects.order_by("name", "id")
    return found.filter(Q(name__icontains=search) | Q(slug__icontains=search)) if search else found


class MembershipObject(BusinessObject, kw_only=True):
    """A business that one speaks for."""

    role: str


def memberships(user_id: UserId) -> list[MembershipObject]:
    rows = Membership.objects.select_related("business").filter(user_id=user_id).order_by("business__name")
    return [
        MembershipObject(id=row.business.pk, name=row.business.name, slug=row.business.slug, role=row.role)
        for row in rows
    ]
