"""A block, or its end, shows and hides presence only where the answer of `GET /presence` changes."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from typing import Any, TypeAlias

import pytest
from django.contrib.auth.models import User

from chatsite.realtime.broadcast import collect_broadcasts
from chatsite.realtime.hub import Addressed
from conversations.membership import add_member, remove_member
from conversations.models import Business, Conversation, Membership
from presence import queries
from presence.queries import presence_of
from presence.serializers import OnlineEvent
from tests.conversations.people import business, client_of, conversation, person

pytestmark = pytest.mark.django_db

Told: TypeAlias = list[tuple[str, str, str]]  # the event, who gets it, whom it is about


class Street:
    """Everybody is online. Carol writes to two shops: Xavier is a member of both, Amir of the first."""

    def __init__(self, capture: Callable[..., Any]) -> None:
        self._capture = capture
        self.carol, self.xavier, self.amir, self.owner = (person() for _ in range(4))
        self.shop = business(self.owner, self.xavier, self.amir)
        self.market = business(self.owner, self.xavier)
        self.people = [self.carol, self.xavier, self.amir, self.owner]
        for place in (self.shop, self.market):
            conversation(place, self.carol)

    def change(self, who: User, method: str, whom: User | Business) -> Told:
        """Change a block, and return what people are told of each other."""
        target = f"businesses/{whom.pk}" if isinstance(whom, Business) else str(whom.pk)
        sent: list[Addressed] = []
        with collect_broadcasts(sent), self._capture(execute=True):
            getattr(client_of(who), method)(f"/chat/blocks/{target}")
        return sorted(
            (event.name, group.removeprefix("user."), event.data_as(OnlineEvent).user_id)
            for group, event in sent
            if event.name in {"user_online", "user_offline"}
        )

    def seen(self) -> set[tuple[str, str]]:
        ids = [str(one.pk) for one in self.people]
        return {
            (reader, row.user_id)
            for reader in ids
            for row in presence_of(reader_id=reader, user_ids=ids)
            if row.online
        }

    def leave(self, who: User, shop: Business) -> None:
        remove_member(business_id=shop.pk, user_id=who.pk)

    def told(self, event: str, about: User, *to: User) -> Told:
        return sorted((event, str(one.pk), str(about.pk)) for one in to)


@pytest.fixture
def street(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Callable[..., Any]) -> Street:
    def everybody(user_ids: Collection[str]) -> set[str]:
        return set(user_ids)

    monkeypatch.setattr(queries, "online_among", everybody)
    return Street(django_capture_on_commit_callbacks)


def test_a_block_hides_and_its_end_shows(street: Street) -> None:
    carol, amir = street.carol, street.amir  # the other members see her in the market
    assert street.change(carol, "put", street.shop) == street.told("user_offline", carol, amir)
    assert street.change(carol, "delete", street.shop) == street.told("user_online", carol, amir)
    team = [amir, street.xavier, street.owner]
    hidden = street.change(street.owner, "put", carol)
    assert hidden == sorted(("user_offline", str(carol.pk), str(member.pk)) for member in team)


def test_the_end_of_a_block_of_the_business_shows_nothing_to_a_blocked_member(street: Street) -> None:
    street.change(street.carol, "put", street.amir)
    street.change(street.carol, "put", street.market)
    told = street.change(street.carol, "put", street.shop)
    assert told == street.told("user_offline", street.carol, street.xavier, street.owner)
    told = street.change(street.carol, "delete", street.shop)
    assert told == street.told("user_online", street.carol, street.xavier, street.owner)


def test_the_end_of_a_block_of_a_member_shows_nothing_while_the_business_is_blocked(street: Street) -> None:
    street.change(street.carol, "put", street.shop)
    assert street.change(street.carol, "put", street.amir) == []  # it would tell that she is online
    assert street.change(street.carol, "delete", street.amir) == []


def test_the_end_of_a_block_shows_nothing_to_somebody_who_has_left(street: Street) -> None:
    street.change(street.carol, "put", street.amir)
    street.leave(street.amir, street.shop)
    assert street.change(street.carol, "delete", street.amir) == []


def test_a_blocked_colleague_does_not_see_the_person_either(street: Street) -> None:
    elsewhere = business(street.carol, street.amir)
    assert Membership.objects.filter(business=elsewhere).count() == 2
    told = street.change(street.carol, "put", street.amir)
    assert told == street.told("user_offline", street.carol, street.amir)
    assert (str(street.amir.pk), str(street.carol.pk)) not in street.seen()


def test_a_business_that_one_does_not_know_changes_nothing(street: Street) -> None:
    stranger = business(person())
    assert street.change(street.carol, "delete", stranger) == []
    assert not Conversation.objects.filter(business=stranger).exists()


@pytest.mark.parametrize("seed", range(6))
def test_events_lead_to_what_a_fresh_request_shows(street: Street, seed: int) -> None:
    choose, shown = random.Random(seed), street.seen()
    for _ in range(25):
        if choose.random() < 0.2:
            member = choose.choice([street.xavier, street.amir])
            if Membership.objects.filter(business=street.shop, user=member).exists():
                street.leave(member, street.shop)
            else:
                add_member(business_id=street.shop.pk, user_id=member.pk)
            shown = street.seen()  # the sockets of the member open again
            continue
        who = choose.choice(street.people)
        targets: list[User | Business] = [*street.people, street.shop, street.market]
        whom = targets[choose.randrange(len(targets))]
        for event, viewer, about in street.change(who, choose.choice(["put", "delete"]), whom):
            assert ((viewer, about) in shown) == (event == "user_offline"), "told of what has not changed"
            (shown.add if event == "user_online" else shown.discard)((viewer, about))
        assert shown == street.seen()
