"""The unread messages, read from the messages themselves, and their readers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from conversations.access import UserId, other_side
from conversations.models import ChatMessage, Conversation, Membership, Side
from notifications.delivery.models import Progress


def unread_messages(sides: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str], list[ChatMessage]]:
    """Return the unread and visible messages of each conversation and reading side, by `seq`. One query."""
    rows = _visible_unread().filter(conversation_id__in={key for key, _ in sides})
    found: dict[tuple[UUID, str], list[ChatMessage]] = defaultdict(list)
    for message in rows.select_related("sender").order_by("seq"):
        found[message.conversation_id, other_side(message.sender_side)].append(message)
    return {key: found[key] for key in sides if key in found}


def _visible_unread() -> QuerySet[ChatMessage]:
    rows = ChatMessage.objects.exclude(status=ChatMessage.Status.READ).exclude(sender_side=Side.SYSTEM)
    return rows.filter(deleted_at=None, hidden_at=None)


def has_unread(conversation: Conversation, user_id: UserId) -> bool:
    """Return whether the person's side of the conversation has unread messages."""
    is_customer = conversation.customer_id == user_id
    return bool(conversation.customer_unread if is_customer else conversation.business_unread)


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
    """Return whether earlier mails cover every message that `unread_messages` has for this side."""
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
