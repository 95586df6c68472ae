"""Block and unblock, as a customer or for a business. The other side is not notified.

A member blocks a customer for each business in which they meet, so the block stays when the member leaves, and any
colleague may lift it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from chatsite.database.after_commit import after_commit
from chatsite.errors import not_found
from conversations import access
from conversations.access import Actor, UserId, object_key, user_key
from conversations.block_rules import set_blocks
from conversations.blocks.sessions import blocks_changed
from conversations.membership import lock_person
from conversations.models import Block, Conversation, Membership, Side
from conversations.shared_conversations import Pair, visible_pairs
from conversations.writing.conversation_change import ConversationChange, change_conversations

# Called after the COMMIT with the pairs `(viewer, seen)` who see the presence of the other from now on, and with those
# who no longer do. An app adds its own in `AppConfig.ready`.
visibility_changed: Final[list[Callable[[Collection[Pair], Collection[Pair]], None]]] = []


def block_user(*, user_id: UserId, blocked_id: str) -> list[Block]:
    """Block a person from one of the user's conversations. Repeating it changes nothing."""
    blocked = user_key(blocked_id)
    actor = access.load_actor(user_id)
    with change_conversations() as change:
        lock_person(user_id)
        is_met, businesses = _is_member_met_by(user_id, blocked), _businesses_met(actor, blocked)
        if not is_met and not businesses:
            raise not_found("user")
        with _changing_blocks_between(change, actor, blocked):
            made = [_keep(user_id, blocked)] if is_met else []
            made += [_keep_for(business_id, blocked, user_id) for business_id in businesses]
    return made


def unblock_user(*, user_id: UserId, blocked_id: str) -> None:
    blocked = user_key(blocked_id)
    actor = access.load_actor(user_id)
    with change_conversations() as change:
        lock_person(user_id)
        with _changing_blocks_between(change, actor, blocked):
            own_blocks(actor).filter(blocked_user_id=blocked).delete()


def block_business(*, user_id: UserId, business_id: str) -> Block:
    """Block a business of which the user is a customer. Repeating it changes nothing."""
    key = object_key(business_id, "business")
    with change_conversations() as change:
        lock_person(user_id)
        met = Conversation.objects.filter(customer_id=user_id, business_id=key)
        if not met.exists():
            raise not_found("business")
        with _changing_blocks(change, met, viewers=_members_of([key]), seen=[user_id]):
            made, _ = Block.objects.get_or_create(user_id=user_id, blocked_business_id=key)
    return made


def unblock_business(*, user_id: UserId, business_id: str) -> None:
    key = object_key(business_id, "business")
    with change_conversations() as change:
        lock_person(user_id)
        met = Conversation.objects.filter(customer_id=user_id, business_id=key)
        with _changing_blocks(change, met, viewers=_members_of([key]), seen=[user_id]):
            Block.objects.filter(user_id=user_id, blocked_business_id=key).delete()


def own_blocks(actor: Actor) -> QuerySet[Block]:
    """Return the blocks that the user may remove: their own as a customer, and those of their businesses."""
    own = Q(user_id=actor.user_id, for_business=None)
    return Block.objects.filter(own | Q(for_business_id__in=actor.businesses))


def forget_blocks_of(user_id: UserId) -> None:
    """Remove the blocks that a person has set as a customer, and those against the person. Part of an erasure.

    The person's sockets close, so nobody begins to see or to be seen.
    """
    with change_conversations() as change:
        rows = Block.objects.filter(Q(user_id=user_id, for_business=None) | Q(blocked_user_id=user_id))
        customers = {user_id, *rows.filter(for_business=None).values_list("user_id", flat=True)}
        if rows.exists():
            with _changing_blocks(change, Conversation.objects.filter(customer_id__in=customers)):
                rows.delete()


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


def _members_of(business_ids: Collection[UUID]) -> list[UserId]:
    members = Membership.objects.filter(business_id__in=business_ids)
    return list(members.order_by().values_list("user_id", flat=True))


def _changing_blocks_between(
    change: ConversationChange, actor: Actor, other_id: UserId
) -> AbstractContextManager[None]:
    """Change blocks between these two, as customers and for the actor's businesses."""
    as_member = Q(customer_id=other_id, business_id__in=actor.businesses)
    affected = Conversation.objects.filter(Q(customer_id=actor.user_id) | as_member)
    team = _members_of(_businesses_met(actor, other_id))
    return _changing_blocks(change, affected, viewers=[other_id], seen=[actor.user_id, *team])


@contextmanager
def _changing_blocks(
    change: ConversationChange,
    conversations: QuerySet[Conversation],
    *,
    viewers: Collection[UserId] = (),
    seen: Collection[UserId] = (),
) -> Iterator[None]:
    """Change blocks that affect these conversations, and what the viewers see of the others' presence.

    One block may end while another one stays. So `visibility_changed` gets the pairs whose answer differs, and not
    everybody whom the block names.
    """
    locked = change.lock(list(conversations.order_by("pk").values_list("pk", flat=True)))
    before = visible_pairs(viewers, seen)  # under the locks, so that a concurrent change is not missed
    yield
    _show(change, locked)
    after_commit(_tell_visibility, before, viewers, seen)


def _show(change: ConversationChange, locked: list[Conversation]) -> None:
    """Update the locked conversations, and send the change to the blocking side."""
    before = {one.pk: one.customer_blocked for one in locked}
    for conversation in set_blocks(locked):
        is_of_business = conversation.customer_blocked != before[conversation.pk]
        change.save_for(conversation, (Side.BUSINESS if is_of_business else Side.CUSTOMER).value)
        for addressed in blocks_changed(conversation):
            change.publish(addressed)


def _tell_visibility(before: set[Pair], viewers: Collection[UserId], seen: Collection[UserId]) -> None:
    now = visible_pairs(viewers, seen)
    if now != before:
        for changed in visibility_changed:
            changed(now - before, before - now)
