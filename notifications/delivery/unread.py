"""The unread messages, read from the messages themselves, and their readers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from django.db.models import (
    Case,
    Exists,
    OuterRef,
    PositiveBigIntegerField,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)

from conversations.access import UserId, other_side
from conversations.block_rules import sent_by_blocked
from conversations.models import ChatMessage, Conversation, Membership, Side
from notifications.delivery.models import Progress

# Conversation, reading side, and the last `seq` of which somebody was notified.
Spot: TypeAlias = tuple[UUID, str, int]


@dataclass(frozen=True, slots=True)
class Fresh:
    """What decisions need of the unread messages above a `seq`. There may be a million, so none of them is loaded.

    Messages of blocked senders are not wanted.
    """

    first_at: datetime  # of the first wanted message, or else of the first one
    last_seq: int
    last_wanted_seq: int | None


def fresh_messages(spots: Collection[Spot], conversations: Collection[Conversation]) -> dict[Spot, Fresh]:
    """Return the unread and visible messages above each spot that has any.

    The number of queries does not depend on the number of conversations, only on how many spots one of them has.
    """
    found: dict[Spot, Fresh] = {}
    blocked, left = sent_by_blocked(conversations), set(spots)
    while left:
        told = {(key, side): seq for key, side, seq in left}  # one spot of each side
        for side in {side for _, side in told}:
            found |= _fresh_on(side, {key: seq for (key, of), seq in told.items() if of == side}, blocked)
        left -= {(*place, seq) for place, seq in told.items()}
    return found


def _fresh_on(side: str, told: Mapping[UUID, int], blocked: Q) -> dict[Spot, Fresh]:
    above = Case(
        *(When(pk=key, then=Value(seq)) for key, seq in told.items()), output_field=PositiveBigIntegerField()
    )
    newer = _visible_unread().filter(
        conversation_id=OuterRef("pk"), sender_side=other_side(side), seq__gt=OuterRef("told")
    )
    wanted = newer.exclude(blocked)
    rows = Conversation.objects.filter(pk__in=told).annotate(told=above).order_by()
    answers = rows.values_list(
        "pk",
        Subquery(newer.order_by("seq").values("created_at")[:1]),
        Subquery(newer.order_by("-seq").values("seq")[:1]),
        Subquery(wanted.order_by("seq").values("created_at")[:1]),
        Subquery(wanted.order_by("-seq").values("seq")[:1]),
    )
    return {
        (key, side, told[key]): Fresh(wanted_at or first_at, last_seq, last_wanted_seq)
        for key, first_at, last_seq, wanted_at, last_wanted_seq in answers
        if last_seq is not None
    }


def wanted_messages(conversation: Conversation, side: str, above: int) -> QuerySet[ChatMessage]:
    """Return the unread messages above a `seq` that the side is notified of."""
    rows = _visible_unread().filter(conversation=conversation, sender_side=other_side(side), seq__gt=above)
    return rows.exclude(sent_by_blocked([conversation]))


def _visible_unread() -> QuerySet[ChatMessage]:
    rows = ChatMessage.objects.exclude(status=ChatMessage.Status.READ).exclude(sender_side=Side.SYSTEM)
    return rows.filter(deleted_at=None, hidden_at=None)


def has_unread(conversation: Conversation, user_id: UserId) -> bool:
    """Return whether the person's side of the conversation has unread messages."""
    is_customer = conversation.customer_id == user_id
    return side_has_unread(conversation, Side.CUSTOMER if is_customer else Side.BUSINESS)


def side_has_unread(conversation: Conversation, side: str) -> bool:
    return bool(conversation.customer_unread if side == Side.CUSTOMER else conversation.business_unread)


def readers(conversations: Iterable[Conversation]) -> dict[tuple[UUID, str], list[Any]]:
    """Return the people to notify of unread messages: the customer; the assignee, or else every member.

    Bots and inactive accounts are left out, and do not count as assignees. Pass rows with `customer` and
    `team_state`. Runs one query.
    """
    rows = list(conversations)
    team: dict[UUID, list[Any]] = defaultdict(list)
    members = Membership.objects.filter(business_id__in={row.business_id for row in rows}, is_bot=False)
    for member in members.select_related("user").order_by("pk"):
        if member.user.is_active:
            team[member.business_id].append(member.user)
    found: dict[tuple[UUID, str], list[Any]] = {}
    for row in rows:
        found[row.pk, Side.CUSTOMER.value] = [row.customer] if row.customer.is_active else []
        notified_members = team[row.business_id]
        state = getattr(row, "team_state", None)
        assignee = [user for user in notified_members if state is not None and user.pk == state.assignee_id]
        found[row.pk, Side.BUSINESS.value] = assignee or notified_members
    return found


def _assigned_to_others(user_id: UserId) -> Exists:
    """Return whether `readers` has the assignee of the conversation instead of this member."""
    assignees = Membership.objects.filter(
        business_id=OuterRef("business_id"), user_id=OuterRef("team_state__assignee_id"), is_bot=False
    )
    return Exists(assignees.filter(user__is_active=True).exclude(user_id=user_id))


def unread_sides_of(user_id: UserId, most: int) -> list[tuple[Conversation, str]]:
    """Return the conversations with unread messages for the person, newest first, with the side.

    It leaves out those that earlier mails cover completely. Otherwise they could take the place of others.
    """
    as_customer = _newest_first().filter(customer_id=user_id, customer_unread__gt=0)
    as_member = _unread_of_team(user_id).exclude(_assigned_to_others(user_id))
    found = [
        (row, side.value)
        for rows, side in ((as_customer, Side.CUSTOMER), (as_member, Side.BUSINESS))
        for row in rows.exclude(_covered_by_mail(user_id, side))[:most]
    ]
    return sorted(found, key=lambda pair: pair[0].active_at, reverse=True)[:most]


def _covered_by_mail(user_id: UserId, side: Side) -> Exists:
    """Return whether earlier mails cover every message that is unread on this side."""
    newer = _visible_unread().filter(
        conversation_id=OuterRef("conversation_id"),
        sender_side=other_side(side),
        seq__gt=OuterRef("email_seq"),
    )
    progress = Progress.objects.filter(user_id=user_id, conversation_id=OuterRef("pk"))
    return Exists(progress.filter(~Exists(newer)))


def colleagues_are_notified(user_id: UserId) -> bool:
    """Return whether there are unread messages for which colleagues are notified instead of the person."""
    return _unread_of_team(user_id).filter(_assigned_to_others(user_id)).exists()


def _newest_first() -> QuerySet[Conversation]:
    return Conversation.objects.select_related("business", "customer").order_by("-active_at", "-id")


def _unread_of_team(user_id: UserId) -> QuerySet[Conversation]:
    mine = list(Membership.objects.filter(user_id=user_id).values_list("business_id", flat=True))
    return _newest_first().filter(business_id__in=mine, business_unread__gt=0)


def lock_progress(pairs: Collection[tuple[UserId, UUID]]) -> dict[tuple[UserId, UUID], Progress]:
    """Return the progress of people in conversations, locked. Create missing rows."""
    if not pairs:
        return {}
    Progress.objects.bulk_create(
        [Progress(user_id=user_id, conversation_id=key) for user_id, key in sorted(pairs, key=str)],
        ignore_conflicts=True,
    )
    rows = Progress.objects.select_for_update().filter(
        user_id__in={user_id for user_id, _ in pairs}, conversation_id__in={key for _, key in pairs}
    )
    wanted = set(pairs)
    found = {(row.user_id, row.conversation_id): row for row in rows.order_by("pk")}
    return {pair: row for pair, row in found.items() if pair in wanted}
