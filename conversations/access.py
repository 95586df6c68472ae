"""Decide who may see and do what.

An object that a user may not see and an object that does not exist raise the same error, so that nobody can probe ids.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import QuerySet, Value

from chatsite.database.pipeline import among, ask_among, pipelined
from chatsite.errors import DomainError, not_found
from chatsite.identity import users
from chatsite.realtime import groups
from conversations.conversation_rows import ask_conversation_rows
from conversations.models import Business, Conversation, Membership, Side
from conversations.team_revs import with_team_revs

CANONICAL: Final = 36  # characters of a UUID with hyphens
UserId = Any  # the primary key of the project's user model

# Rules of other apps about the businesses that a customer may write to. A rule raises if the customer may not. An app
# adds its own in `AppConfig.ready`.
customer_rules: Final[list[Callable[[UserId, UUID], None]]] = []


@dataclass(slots=True)
class Actor:
    """A user, and the businesses that the user is a member of."""

    user_id: UserId
    businesses: set[UUID] = field(default_factory=set)
    is_bot: bool = False

    def side_in(self, conversation: Conversation) -> str | None:
        """`customer`, `business`, or None for somebody outside."""
        if conversation.customer_id == self.user_id:
            return Side.CUSTOMER.value
        if conversation.business_id in self.businesses:
            return Side.BUSINESS.value
        return None


@functools.lru_cache(maxsize=10_000)
def user_key(raw: str) -> UserId:
    """Return the primary key for a user's id on the wire. Raise `not_found` if it cannot be one."""
    key: UserId | None = users.parse_user_key(raw) if "\x00" not in raw and len(raw) <= 64 else None
    if key is None or (isinstance(key, int) and key <= 0):
        raise not_found("user")
    return key


def object_key(raw: str | UUID, what: str) -> UUID:
    """Return the UUID for an object's id on the wire. Raise `not_found` if it cannot be one."""
    if isinstance(raw, UUID):
        return raw
    try:
        return _canonical_key(raw) if len(raw) == CANONICAL else UUID(raw)
    except ValueError as error:
        raise not_found(what) from error


@functools.lru_cache(maxsize=10_000)
def _canonical_key(raw: str) -> UUID:
    """Parse a UUID of the usual length. Only these are cached, because other spellings can be arbitrarily long."""
    return UUID(raw)


def load_actors(user_ids: Collection[UserId]) -> dict[UserId, Actor]:
    """Load the active users among these, with their memberships, in one query."""
    return ask_actors(user_ids)()


def ask_actors(user_ids: Collection[UserId]) -> Callable[[], dict[UserId, Actor]]:
    """Like `load_actors`, for a pipeline."""
    rows = ask_among(_memberships_of_active, user_ids)

    def read() -> dict[UserId, Actor]:
        actors: dict[UserId, Actor] = {}
        for user_id, business_id, is_bot in rows():
            actor = actors.setdefault(user_id, Actor(user_id))
            actor.is_bot = actor.is_bot or bool(is_bot)
            if business_id is not None:
                actor.businesses.add(business_id)
        return actors

    return read


def _memberships_of_active(user_ids: Collection[UserId]) -> QuerySet[Any, Any]:
    model = get_user_model()
    active = model.objects.filter(pk__in=among(model._meta.pk, user_ids), is_active=True)
    return active.values_list("pk", "memberships__business_id", "memberships__is_bot")


def load_actor(user_id: UserId) -> Actor:
    actor = load_actors([user_id]).get(user_id)
    if actor is None:
        raise _inactive()
    return actor


def _inactive() -> DomainError:
    return DomainError("unauthenticated", "This account is not active.")


def require_side(actor: Actor | None, conversation: Conversation | None) -> str:
    """Return the actor's side in the conversation. Raise `not_found` for somebody outside."""
    side = actor.side_in(conversation) if actor is not None and conversation is not None else None
    if side is None:
        raise not_found("conversation")
    return side


def require_open(conversation: Conversation) -> None:
    """Raise `frozen` if a moderator has closed the conversation."""
    if conversation.frozen_at is not None:
        raise DomainError("frozen", "A moderator has closed this conversation.")


def find_conversation(user_id: UserId, raw_id: str | UUID) -> tuple[Conversation, str]:
    """Load a conversation that the user takes part in, with business and customer. Also return the user's side."""
    key = object_key(raw_id, "conversation")
    rows = with_team_revs(Conversation.objects.select_related("business", "customer"))
    (found,) = _sides_among(rows, [(user_id, key)])
    if isinstance(found, DomainError):
        raise found
    return found


def sides_in(asked: list[tuple[UserId, UUID]]) -> list[tuple[Conversation, str] | DomainError]:
    """Return for each user and conversation the conversation and the user's side, or the error of `find_conversation`.

    Does not load business and customer. Runs two queries for any number of pairs, in one round trip.
    """
    with pipelined():
        read = ask_conversation_rows({key for _, key in asked}, with_people=False)
        actors = ask_actors({user_id for user_id, _ in asked})
        found = read()
        return [_side_or_error(user_id, found.get(key), actors()) for user_id, key in asked]


def ask_side(user_id: UserId, key: UUID) -> Callable[[], tuple[Conversation, str]]:
    """Like `sides_in` for one user and conversation, in a pipeline. Calling the result may raise the error."""
    actors, found = ask_actors([user_id]), ask_conversation_rows([key], with_people=False)

    def read() -> tuple[Conversation, str]:
        answer = _side_or_error(user_id, found().get(key), actors())
        if isinstance(answer, DomainError):
            raise answer
        return answer

    return read


def _sides_among(
    rows: QuerySet[Conversation], asked: list[tuple[UserId, UUID]]
) -> list[tuple[Conversation, str] | DomainError]:
    found = rows.in_bulk({key for _, key in asked})
    team = {user for user, key in asked if key in found and found[key].customer_id != user}
    actors = load_actors(team) if team else {}
    return [_side_or_error(user_id, found.get(key), actors) for user_id, key in asked]


def _side_or_error(
    user_id: UserId, conversation: Conversation | None, actors: Mapping[UserId, Actor]
) -> tuple[Conversation, str] | DomainError:
    """Return the conversation and the user's side, or the error. A customer needs no entry in `actors`."""
    if conversation is None:
        return not_found("conversation")
    if conversation.customer_id == user_id:
        return conversation, Side.CUSTOMER.value
    if user_id not in actors:
        return _inactive()
    side = actors[user_id].side_in(conversation)
    return (conversation, side) if side else not_found("conversation")


def require_owner(user_id: UserId, raw_business_id: str | UUID) -> Business:
    """Return the business if the user owns it. Raise `forbidden` for its agents and `not_found` for others."""
    key = object_key(raw_business_id, "business")
    membership = (
        Membership.objects.select_related("business").filter(business_id=key, user_id=user_id).first()
    )
    if membership is None:
        raise not_found("business")
    if membership.role != Membership.Role.OWNER:
        raise DomainError("forbidden", "Only an owner of the business can do this.", {"role": "owner"})
    business: Business = membership.business
    return business


def other_side(side: str) -> str:
    return Side.BUSINESS.value if side == Side.CUSTOMER else Side.CUSTOMER.value


# --- Contacts ---------------------------------------------------------------------------------------------------------


def memberships_of(user_id: UserId) -> set[UUID]:
    return set(Membership.objects.filter(user_id=user_id).values_list("business_id", flat=True))


def own_groups(user_ids: list[UserId]) -> list[tuple[set[UUID], list[str]]]:
    """Return for each user the businesses that the user is a member of, and the groups that the user's sockets join.

    Runs one query for any number of users.
    """
    ties = _ties(set(user_ids))
    return [(ties[user_id].member_of, _groups_of(user_id, ties[user_id])) for user_id in user_ids]


def groups_of_customer(user_ids: Iterable[UserId]) -> dict[UserId, set[str]]:
    """Return for each user the groups in which a customer gets the presence of members. Runs one query."""
    asked = set(user_ids)
    ties = _ties(asked)
    return {key: {groups.business_customers(business) for business in ties[key].hears_of} for key in asked}


def _groups_of(user_id: UserId, ties: Ties) -> list[str]:
    joined = [groups.user(str(user_id))]
    joined += [groups.business_members(business) for business in ties.member_of]
    joined += [groups.business_customers(business) for business in ties.hears_of]
    return joined


def contact_groups(user_ids: Iterable[str]) -> dict[str, list[str]]:
    """Return for each user the groups of everybody who shares a conversation with the user. Runs one query."""
    keys = {user_id: user_key(user_id) for user_id in user_ids}
    ties = _ties(set(keys.values()))
    return {user_id: _groups_around(ties[key]) for user_id, key in keys.items()}


@dataclass(slots=True)
class Ties:
    """The businesses that a user is a member of, and those that the user writes to as a customer.

    A customer sees the presence of members unless the business has blocked the customer. Members see the customer's
    unless the customer has blocked the business.
    """

    member_of: set[UUID] = field(default_factory=set)
    hears_of: set[UUID] = field(default_factory=set)
    heard_by: set[UUID] = field(default_factory=set)


def _groups_around(ties: Ties) -> list[str]:
    members = {groups.business_members(business) for business in ties.member_of | ties.heard_by}
    return sorted(members | {groups.business_customers(business) for business in ties.member_of})


def _ties(user_ids: Collection[UserId]) -> defaultdict[UserId, Ties]:
    """Load the ties of many users at once, because after a restart thousands of sockets connect at the same time."""
    found: defaultdict[UserId, Ties] = defaultdict(Ties)
    for user_id, business_id, tie, is_blocked, blocks in ask_among(_rows_of_ties, user_ids)():
        ties = found[user_id]
        if tie == "member":
            ties.member_of.add(business_id)
            continue
        if not is_blocked:
            ties.hears_of.add(business_id)
        if not blocks:
            ties.heard_by.add(business_id)
    return found


def _rows_of_ties(user_ids: Collection[UserId]) -> QuerySet[Any, Any]:
    member, customer, no = Value("member"), Value("customer"), Value(False)
    ids = among(Membership._meta.get_field("user"), user_ids)
    members = Membership.objects.filter(user_id__in=ids).order_by()
    customers = Conversation.objects.filter(customer_id__in=ids).order_by()
    return members.values_list("user_id", "business_id", member, no, no).union(
        customers.values_list("customer_id", "business_id", customer, "customer_blocked", "business_blocked"),
        all=True,
    )
