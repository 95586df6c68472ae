"""Conversations as one person sees them: with what the person keeps for themselves, and marks counted as unread.

`is_muted` and `muted_among` are for those who decide whether to disturb somebody.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from chatsite.database.pipeline import among, ask_among
from conversations.models import ChatMessage, Conversation, OwnState, Side
from conversations.serializers import ConversationObject, OwnStateObject, conversation_object
from conversations.team_revs import load_team_revs

UserId = Any


def own_object(row: OwnState) -> OwnStateObject:
    return OwnStateObject(
        state_rev=row.state_rev,
        muted_until=row.muted_until,
        pinned=row.pinned_at is not None,
        unread_from=row.unread_from,
    )


OwnStates = Callable[[], list[OwnState]]


def personal_objects(
    user_id: UserId, seen: Sequence[tuple[Conversation, str]], read_states: OwnStates | None = None
) -> list[ConversationObject]:
    """Return the conversations as the user sees them, each given with the user's side. At most three queries.

    `read_states` is the result of `ask_own_states`, if the caller has asked already.
    """
    load_team_revs(conversation for conversation, side in seen if side == Side.BUSINESS)
    read_states = read_states or ask_own_states(user_id, [conversation.pk for conversation, _ in seen])
    shown = [conversation_object(conversation, side) for conversation, side in seen]
    by_conversation = {row.conversation_id: row for row in read_states()}
    counts = marked_counts(by_conversation.values())
    for one in shown:
        row = by_conversation.get(one.id)
        if row is not None:
            one.own = own_object(row)
            one.unread_count += counts.get(row.pk, 0)
    return shown


def ask_own_states(user_id: UserId, conversation_ids: Collection[UUID]) -> OwnStates:
    """Read what the user keeps of the conversations, in a pipeline."""
    rows = ask_among(_own_rows, [user_id], conversation_ids)
    return lambda: [OwnState.from_db(connection.alias, _COLUMNS, row) for row in rows()]


_COLUMNS: Final = tuple(field.attname for field in OwnState._meta.concrete_fields)


def _own_rows(user_ids: Collection[UserId], conversation_ids: Collection[UUID]) -> QuerySet[Any, Any]:
    rows = OwnState.objects.filter(
        user_id__in=among(OwnState._meta.get_field("user"), user_ids),
        conversation_id__in=among(OwnState._meta.get_field("conversation"), conversation_ids),
    )
    return rows.order_by().values_list(*_COLUMNS)


def personal_object(user_id: UserId, conversation: Conversation, side: str) -> ConversationObject:
    [shown] = personal_objects(user_id, [(conversation, side)])
    return shown


def marked_counts(rows: Collection[OwnState]) -> dict[int, int]:
    """Return how many read messages each row's mark makes unread again, by the row's key.

    Runs one query if there are marks.
    """
    marked = [row.pk for row in rows if row.unread_from is not None]
    if not marked:
        return {}
    of_business = Q(conversation__customer_id=F("user_id"), conversation__messages__sender_side=Side.BUSINESS)
    of_customer = ~Q(conversation__customer_id=F("user_id")) & Q(
        conversation__messages__sender_side=Side.CUSTOMER
    )
    counted = OwnState.objects.filter(
        of_business | of_customer,
        pk__in=marked,
        conversation__messages__seq__gte=F("unread_from"),
        conversation__messages__seq__lte=F("unread_to"),
        conversation__messages__status=ChatMessage.Status.READ,
        conversation__messages__deleted_at=None,
        conversation__messages__hidden_at=None,
    )
    rows_counted = counted.order_by().values("pk").annotate(count=Count("conversation__messages"))
    return {row["pk"]: row["count"] for row in rows_counted}


def latest_state_revs(
    user_ids: Collection[UserId], conversation_ids: Collection[UUID]
) -> dict[tuple[UserId, UUID], int]:
    """Return the `stateRev` of users in conversations, if there is one. One query."""
    rows = OwnState.objects.filter(user_id__in=user_ids, conversation_id__in=conversation_ids).order_by()
    return {
        (user_id, conversation_id): rev
        for user_id, conversation_id, rev in rows.values_list("user_id", "conversation_id", "state_rev")
    }


def pinned_by(user_id: UserId) -> QuerySet[OwnState, Any]:
    """Return the ids of the conversations that the user has pinned, as a subquery."""
    return OwnState.objects.filter(user_id=user_id, pinned_at__isnull=False).values("conversation_id")


def marked_by(user_id: UserId) -> QuerySet[OwnState, Any]:
    """Return the ids of the conversations in which the user has marked messages as unread, as a subquery."""
    return OwnState.objects.filter(user_id=user_id, unread_from__isnull=False).values("conversation_id")


def counted_differently(user_id: UserId) -> list[OwnState]:
    """Return the user's rows that change how unread messages count: muted ones and marks."""
    rows = OwnState.objects.filter(user_id=user_id)
    return list(rows.filter(Q(muted_until__gt=timezone.now()) | Q(unread_from__isnull=False)))


def is_muted(user_id: UserId, conversation_id: UUID, *, at: datetime | None = None) -> bool:
    """Return whether the user has muted the conversation at this moment."""
    return bool(muted_among([user_id], conversation_id, at=at))


def muted_among(
    user_ids: Collection[UserId], conversation_id: UUID, *, at: datetime | None = None
) -> set[UserId]:
    """Return those of the users who have muted the conversation at this moment. One query."""
    rows = OwnState.objects.filter(
        user_id__in=user_ids, conversation_id=conversation_id, muted_until__gt=at or timezone.now()
    )
    return set(rows.values_list("user_id", flat=True))
