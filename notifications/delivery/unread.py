"""What is unread, read from the messages themselves, and who is to read it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model

from conversations.access import UserId, other_side
from conversations.models import ChatMessage, Conversation, Membership, Side
from notifications.delivery.models import Progress


def unread_messages(sides: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str], list[ChatMessage]]:
    """For each conversation and reading side, what that side has not read and may see, by `seq`. One query."""
    rows = ChatMessage.objects.exclude(status=ChatMessage.Status.READ).filter(
        conversation_id__in={key for key, _ in sides}, deleted_at=None, hidden_at=None
    )
    found: dict[tuple[UUID, str], list[ChatMessage]] = defaultdict(list)
    for message in rows.exclude(sender_side=Side.SYSTEM).select_related("sender").order_by("seq"):
        found[message.conversation_id, other_side(message.sender_side)].append(message)
    return {key: found[key] for key in sides if key in found}


def readers(conversations: Iterable[Conversation]) -> dict[tuple[UUID, str], list[Any]]:
    """The people on each side of the conversations. Accounts that are not active are left out."""
    rows = list(conversations)
    team: dict[UUID, list[Any]] = defaultdict(list)
    members = Membership.objects.filter(business_id__in={row.business_id for row in rows})
    for member in members.select_related("user").order_by("pk"):
        if member.user.is_active:
            team[member.business_id].append(member.user)
    customers = get_user_model()._default_manager.in_bulk({row.customer_id for row in rows})
    found: dict[tuple[UUID, str], list[Any]] = {}
    for row in rows:
        customer = customers[row.customer_id]
        found[row.pk, Side.CUSTOMER.value] = [customer] if customer.is_active else []
        found[row.pk, Side.BUSINESS.value] = team[row.business_id]
    return found


def unread_sides_of(user_id: UserId, most: int) -> list[tuple[Conversation, str]]:
    """The conversations in which the person's side has not read something, newest first, with the side."""
    both = Conversation.objects.select_related("business", "customer").order_by("-active_at", "-id")
    as_customer = both.filter(customer_id=user_id, customer_unread__gt=0)[:most]
    mine = list(Membership.objects.filter(user_id=user_id).values_list("business_id", flat=True))
    as_member = both.filter(business_id__in=mine, business_unread__gt=0)[:most] if mine else []
    found = [(row, Side.CUSTOMER.value) for row in as_customer]
    found += [(row, Side.BUSINESS.value) for row in as_member]
    return sorted(found, key=lambda pair: pair[0].active_at, reverse=True)[:most]


def lock_progress(pairs: Collection[tuple[UserId, UUID]]) -> dict[tuple[UserId, UUID], Progress]:
    """The progress of people in conversations, locked; rows that are missing are made."""
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
