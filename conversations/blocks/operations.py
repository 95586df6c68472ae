"""Block and unblock, as a customer or for a business. The other side is not notified.

A member blocks a customer for each business in which they meet, so the block stays when the member leaves, and any
colleague may lift it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from chatsite.errors import not_found
from chatsite.realtime import groups
from conversations import access
from conversations.access import Actor, UserId, object_key, user_key
from conversations.block_rules import blocked_members, set_blocks
from conversations.blocks.sessions import blocks_changed
from conversations.membership import lock_person
from conversations.models import Block, Conversation, Membership, Side
from conversations.writing.conversation_change import ConversationChange, change_conversations

# Called inside the transaction with people, a group, and whether the group may see the people's presence from now on.
# An app adds its own in `AppConfig.ready`.
visibility_changed: Final[list[Callable[[list[str], str, bool], None]]] = []


def block_user(*, user_id: UserId, blocked_id: str) -> list[Block]:
    """Block a person from one of the user's conversations. Repeating it changes nothing."""
    blocked = user_key(blocked_id)
    actor = access.load_actor(user_id)
    with change_conversations() as change:
        lock_person(user_id)
        made = []
        if _is_member_met_by(user_id, blocked):
            made.append(_keep(user_id, blocked))
        made += [_keep_for(business_id, blocked, user_id) for business_id in _businesses_met(actor, blocked)]
        if not made:
            raise not_found("user")
        _apply(change, actor, blocked)
    return made


def unblock_user(*, user_id: UserId, blocked_id: str) -> None:
    blocked = user_key(blocked_id)
    actor = access.load_actor(user_id)
    with change_conversations() as change:
        lock_person(user_id)
        own_blocks(actor).filter(blocked_user_id=blocked).delete()
        _apply(change, actor, blocked)


def block_business(*, user_id: UserId, business_id: str) -> Block:
    """Block a business of which the user is a customer. Repeating it changes nothing."""
    key = object_key(business_id, "business")
    with change_conversations() as change:
        lock_person(user_id)
        met = Conversation.objects.filter(customer_id=user_id, business_id=key)
        if not met.exists():
            raise not_found("business")
        made, _ = Block.objects.get_or_create(user_id=user_id, blocked_business_id=key)
        _show(change, met)
    return made


def unblock_business(*, user_id: UserId, business_id: str) -> None:
    key = object_key(business_id, "business")
    with change_conversations() as change:
        lock_person(user_id)
        Block.objects.filter(user_id=user_id, blocked_business_id=key).delete()
        _show(change, Conversation.objects.filter(customer_id=user_id, business_id=key))


def own_blocks(actor: Actor) -> QuerySet[Block]:
    """Return the blocks that the user may remove: their own as a customer, and those of their businesses."""
    own = Q(user_id=actor.user_id, for_business=None)
    return Block.objects.filter(own | Q(for_business_id__in=actor.businesses))


def forget_blocks_of(user_id: UserId) -> None:
    """Remove the blocks that a person has set as a customer, and those against the person. Part of an erasure."""
    with change_conversations() as change:
        rows = Block.objects.filter(Q(user_id=user_id, for_business=None) | Q(blocked_user_id=user_id))
        customers = {user_id, *rows.filter(for_business=None).values_list("user_id", flat=True)}
        if rows.exists():
            rows.delete()
            _show(change, Conversation.objects.filter(customer_id__in=customers))


def _is_member_met_by(customer_id: UserId, user_id: UserId) -> bool:
    return Membership.objects.filter(
        user_id=user_id, business__conversations__customer_id=customer_id
    ).exists()


def _businesses_met(actor: Actor, customer_id: UserId) -> list[UUID]:
    met = Conversation.objects.filter(customer_id=customer_id, business_id__in=actor.businesses)
    return sorted(met.order_by().values_list("business_id", flat=True))


def _keep(user_id: UserId, blocked: UserId) -> Block:
    made, _ = Block.objects.get_or_create(user_id=user_id, blocked_user_id=blocked, for_business=None)
    return made


def _keep_for(business_id: UUID, blocked: UserId, user_id: UserId) -> Block:
    made, _ = Block.objects.get_or_create(
        for_business_id=business_id, blocked_user_id=blocked, defaults={"user_id": user_id}
    )
    return made


def _apply(change: ConversationChange, actor: Actor, other_id: UserId) -> None:
    """Update every conversation that a block between these two affects."""
    as_member = Q(customer_id=other_id, business_id__in=actor.businesses)
    _show(change, Conversation.objects.filter(Q(customer_id=actor.user_id) | as_member))


def _show(change: ConversationChange, conversations: QuerySet[Conversation]) -> None:
    """Update the conversations under their locks, and send the change to the blocking side."""
    locked = change.lock(list(conversations.order_by("pk").values_list("pk", flat=True)))
    before = {one.pk: (one.customer_blocked, one.business_blocked, blocked_members(one)) for one in locked}
    for conversation in set_blocks(locked):
        customer_blocked, business_blocked, people = before[conversation.pk]
        side = Side.BUSINESS if conversation.customer_blocked != customer_blocked else Side.CUSTOMER
        change.save_for(conversation, side.value)
        for addressed in blocks_changed(conversation):
            change.publish(addressed)
        if conversation.customer_blocked != customer_blocked:
            members = Membership.objects.filter(business_id=conversation.business_id)
            team = [str(key) for key in members.values_list("user_id", flat=True)]
            _tell(team, groups.user(str(conversation.customer_id)), visible=customer_blocked)
        if conversation.business_blocked != business_blocked:
            hidden = [str(conversation.customer_id)]
            _tell(hidden, groups.business_members(conversation.business_id), visible=business_blocked)
        _tell_people(conversation, set(people), set(blocked_members(conversation)))


def _tell_people(conversation: Conversation, before: Collection[str], now: Collection[str]) -> None:
    for user_id in sorted({*before} ^ {*now}):
        _tell([str(conversation.customer_id)], groups.user(user_id), visible=user_id in before)


def _tell(people: Iterable[str], group: str, *, visible: bool) -> None:
    for changed in visibility_changed:
        changed(list(people), group, visible)
