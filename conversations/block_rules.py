"""Decide whether a side of a conversation is blocked, from what the conversation's row holds.

`blocks.operations` writes these columns together with the blocks, under the lock of the conversation. So a send needs
no query of its own, and a block that is committed holds for every later send.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db.models import Q, QuerySet

from chatsite.database.pipeline import among, ask_among
from chatsite.errors import DomainError
from conversations.models import Block, Conversation, Side

UserId = Any

_decode: Final = msgspec.json.Decoder(list[str]).decode


def blocked_members(conversation: Conversation) -> list[str]:
    """Return the ids of people whom the customer has blocked. Only members of the business matter here."""
    return _decode(conversation.blocked_members) if conversation.blocked_members else []


def is_blocked(conversation: Conversation, user_id: UserId) -> bool:
    """Return whether the other side has blocked this participant."""
    if user_id == conversation.customer_id:
        return conversation.customer_blocked
    return conversation.business_blocked or str(user_id) in blocked_members(conversation)


def sent_by_blocked(conversations: Collection[Conversation]) -> Q:
    """Select the messages of these conversations for whose senders `is_blocked` is true."""
    found = Q()
    for conversation in conversations:
        here = Q(conversation=conversation.pk)
        if conversation.customer_blocked:
            found |= here & Q(sender_side=Side.CUSTOMER)
        if conversation.business_blocked:
            found |= here & Q(sender_side=Side.BUSINESS)
        elif members := blocked_members(conversation):
            found |= here & Q(sender__in=members)
    return found


def require_unblocked(conversation: Conversation, user_id: UserId) -> None:
    """Raise `forbidden`, in words that do not tell of a block."""
    if is_blocked(conversation, user_id):
        raise DomainError("forbidden", "You cannot write in this conversation at the moment.")


def takes_automatic_messages(conversation: Conversation) -> bool:
    """Return whether the site may write in the business's name: nobody has closed or blocked the conversation."""
    return not (conversation.frozen_at or conversation.customer_blocked or conversation.business_blocked)


def set_blocks(conversations: Collection[Conversation]) -> list[Conversation]:
    """Set the columns of these conversations by the blocks as they are. Return those that changed. One query."""
    changed = []
    customers = {conversation.customer_id for conversation in conversations}
    businesses = {conversation.business_id for conversation in conversations}
    by_customer, by_business = _blocks_by(customers), _blocked_by_business(businesses, customers)
    for conversation in conversations:
        before = _columns(conversation)
        people, firms = by_customer.get(conversation.customer_id, (set(), set()))
        conversation.blocked_members = msgspec.json.encode(sorted(people)).decode() if people else ""
        conversation.business_blocked = conversation.business_id in firms
        conversation.customer_blocked = (conversation.business_id, conversation.customer_id) in by_business
        if _columns(conversation) != before:
            changed.append(conversation)
    return changed


def _columns(conversation: Conversation) -> tuple[bool, bool, str]:
    return conversation.customer_blocked, conversation.business_blocked, conversation.blocked_members


def _blocks_by(customers: Collection[UserId]) -> dict[UserId, tuple[set[str], set[UUID]]]:
    """Return the people and the businesses that each customer has blocked."""
    found: dict[UserId, tuple[set[str], set[UUID]]] = {}
    rows = Block.objects.filter(user_id__in=customers, for_business=None).order_by()
    for user_id, blocked_user_id, business_id in rows.values_list(
        "user_id", "blocked_user_id", "blocked_business_id"
    ):
        people, firms = found.setdefault(user_id, (set(), set()))
        if blocked_user_id is not None:
            people.add(str(blocked_user_id))
        if business_id is not None:
            firms.add(business_id)
    return found


def _blocked_by_business(
    businesses: Collection[UUID], customers: Collection[UserId]
) -> set[tuple[UUID, UserId]]:
    rows = Block.objects.filter(for_business_id__in=businesses, blocked_user_id__in=customers).order_by()
    return set(rows.values_list("for_business_id", "blocked_user_id"))


def blockers_among(user_ids: Collection[UserId], blocked_id: UserId | None) -> set[UserId]:
    """Return who of these users has blocked the person: by themselves, or for a business of theirs.

    Outside of conversations this decides whether the person may notify them. One query.
    """
    if blocked_id is None:
        return set()
    blocks = Block.objects.filter(blocked_user_id=blocked_id).order_by()
    own = blocks.filter(for_business=None, user_id__in=user_ids)
    of_team = blocks.filter(for_business__memberships__user_id__in=user_ids)
    found = own.values_list("user_id").union(of_team.values_list("for_business__memberships__user_id"))
    return {user_id for (user_id,) in found} & set(user_ids)


def people_blocked_by(user_ids: Iterable[UserId]) -> dict[str, list[str]]:
    """Return the ids of the people whom each of these users has blocked as a customer. One query."""
    found: dict[str, list[str]] = {}
    for user_id, blocked_id in ask_among(_blocked_people, list(user_ids))():
        found.setdefault(str(user_id), []).append(str(blocked_id))
    return found


def _blocked_people(user_ids: Collection[UserId]) -> QuerySet[Any, Any]:
    ids = among(Block._meta.get_field("user"), user_ids)
    rows = Block.objects.filter(user_id__in=ids, for_business=None, blocked_user__isnull=False)
    return rows.order_by().values_list("user_id", "blocked_user_id")
