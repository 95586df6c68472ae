"""Marks of unread messages inside a change. Reading ends the reader's mark. People with a mark see their own count."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TypeAlias

from django.db.models import F

from chatsite.realtime.hub import Addressed
from conversations import access, events
from conversations.access import UserId
from conversations.models import Conversation, OwnState, Side
from conversations.own_objects import personal_object
from conversations.team_revs import load_team_revs

Reader: TypeAlias = tuple[Conversation, UserId]


def end_marks(readers: Iterable[Reader]) -> list[Reader]:
    """End the marks of these readers in locked conversations. Return those who had one."""
    ended = []
    for conversation, user_id in readers:
        mine = OwnState.objects.filter(conversation=conversation, user_id=user_id, unread_from__isnull=False)
        if mine.update(unread_from=None, unread_to=None, state_rev=F("state_rev") + 1):
            count_marks(conversation)
            ended.append((conversation, user_id))
    return ended


def limit_marks(conversation: Conversation) -> list[UserId]:
    """End the marks of removed messages, and shorten those that reach beyond `last_seq`. Return the people concerned.

    The caller has locked the conversation, and writes it.
    """
    if not conversation.marks:
        return []
    rows = OwnState.objects.filter(conversation=conversation, unread_to__gt=conversation.last_seq)
    user_ids = list(rows.order_by("pk").values_list("user_id", flat=True))
    next_rev = F("state_rev") + 1
    rows.filter(unread_from__gt=conversation.last_seq).update(
        unread_from=None, unread_to=None, state_rev=next_rev
    )
    rows.update(unread_to=conversation.last_seq, state_rev=next_rev)
    count_marks(conversation)
    return user_ids


def count_marks(conversation: Conversation) -> None:
    conversation.marks = OwnState.objects.filter(conversation=conversation, unread_from__isnull=False).count()


def people_with_marks(conversations: Collection[Conversation]) -> list[Reader]:
    """Return everybody who has a mark in these conversations."""
    marked = {conversation.pk: conversation for conversation in conversations if conversation.marks}
    if not marked:
        return []
    rows = OwnState.objects.filter(conversation_id__in=marked, unread_from__isnull=False).order_by("pk")
    return [
        (marked[conversation_id], user_id)
        for conversation_id, user_id in rows.values_list("conversation_id", "user_id")
    ]


def personal_updates(readers: Collection[Reader]) -> list[Addressed]:
    """Return `conversation_updated` as each reader sees it, for that reader alone, except for people who have left."""
    if not readers:
        return []
    actors = access.load_actors({user_id for _, user_id in readers})
    found = []
    for conversation, user_id in readers:
        actor = actors.get(user_id)
        side = actor.side_in(conversation) if actor is not None else None
        if side is not None:
            shown = personal_object(user_id, conversation, side)
            found.append(events.conversation_updated_for(str(user_id), shown))
    return found


def updates_of_side(conversation: Conversation, side: str) -> list[Addressed]:
    """Like `updates_of`, for one side."""
    load_team_revs([conversation])
    to_customer, to_business = events.conversation_updated(conversation)
    with_marks = [
        reader
        for reader in people_with_marks([conversation])
        if (reader[1] == conversation.customer_id) == (side == Side.CUSTOMER)
    ]
    return [to_customer if side == Side.CUSTOMER else to_business, *personal_updates(with_marks)]


def updates_of(conversations: Collection[Conversation]) -> list[Addressed]:
    """Return `conversation_updated` for both sides of each conversation, and then for people with a mark in it."""
    load_team_revs(conversations)
    return [
        *events.conversations_updated(conversations),
        *personal_updates(people_with_marks(conversations)),
    ]
