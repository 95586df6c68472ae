"""After an outage of the event bus, local sockets are told who came and went in it, and whom a block hides."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import User
from django.utils import timezone

from chatsite.realtime import groups
from chatsite.realtime.events import Event
from chatsite.realtime.interfaces import Runtime
from presence import catching_up
from presence.operations import record_last_seen
from presence.store import StoreUnavailable
from tests.conversations.people import business, client_of, conversation, person
from tests.presence.conftest import StartProcess
from tests.presence.process import RedisBackend, eventually


@pytest.mark.standalone
async def test_each_announced_transition_has_its_time(
    start_redis_process: StartProcess, redis_backend: RedisBackend
) -> None:
    process, reader = start_redis_process(), redis_backend.reader
    before = datetime.now(UTC)
    process.connect("7", "phone")
    await eventually(lambda: process.announced.last("7") == "user_online")
    assert reader.changed_since(before) == {"7"}
    between = datetime.now(UTC)
    assert reader.changed_since(between) == set()
    process.disconnect("phone")
    await eventually(lambda: process.announced.last("7") == "user_offline")
    assert reader.changed_since(between) == {"7"}


class Reader:
    """A store in which some users have changed, and some are online."""

    def __init__(self) -> None:
        self.changed: set[str] = set()
        self.there: set[str] = set()
        self.is_away = False

    def changed_since(self, moment: datetime) -> set[str]:
        return self.changed

    def online(self, user_ids: Collection[str]) -> set[str]:
        if self.is_away:
            raise StoreUnavailable("away")
        return self.there & set(user_ids)


class Town:
    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.member, self.colleague, self.customer = person(), person(), person()
        self.shop = business(self.member, self.colleague)
        conversation(self.shop, self.customer)
        self.told: list[tuple[str, str, str]] = []  # the group, the event, and whom it is about

    def catch_up(self, *local: User, since: datetime | None = None) -> list[tuple[str, str, str]]:
        sessions = [SimpleNamespace(user_id=str(user.pk)) for user in local]
        runtime = SimpleNamespace(sessions=sessions, hub=self)
        async_to_sync(catching_up.catch_up)(cast(Runtime, runtime), since or timezone.now())
        told, self.told = self.told, []
        return sorted(told)

    def deliver_here(self, group: str, event: Event) -> None:
        data = msgspec.json.decode(event.data, type=dict[str, Any])
        self.told.append((group, event.name, data["userId"]))


async def in_test_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    """Run database work in the test's thread, which has its transaction."""
    return await sync_to_async(function)(*arguments)


@pytest.fixture
def town(db: None, monkeypatch: pytest.MonkeyPatch) -> Town:
    reader = Reader()
    monkeypatch.setattr(catching_up, "in_database_thread", in_test_thread)
    monkeypatch.setattr(catching_up, "get_reader", lambda: reader)
    return Town(reader)


def test_who_came_and_went_is_announced_again(town: Town) -> None:
    member, customer = str(town.member.pk), str(town.customer.pk)
    town.reader.changed, town.reader.there = {member, customer}, {member, str(town.colleague.pk)}
    record_last_seen(seen={customer: timezone.now()})
    assert town.catch_up() == sorted(
        [
            (groups.business_customers(town.shop.pk), "user_online", member),
            (groups.business_members(town.shop.pk), "user_online", member),
            (groups.business_members(town.shop.pk), "user_offline", customer),
        ]
    )


def test_nobody_goes_offline_because_the_store_is_away(town: Town) -> None:
    town.reader.changed, town.reader.is_away = {str(town.member.pk)}, True
    record_last_seen(seen={str(town.member.pk): timezone.now()})
    with pytest.raises(StoreUnavailable):
        town.catch_up()
    assert town.told == []


def test_whom_a_recent_block_hides_goes_offline(town: Town) -> None:
    began = timezone.now() - timedelta(seconds=1)
    town.reader.there = {str(one.pk) for one in (town.member, town.colleague, town.customer)}
    client_of(town.customer).put(f"/chat/blocks/{town.member.pk}")
    everybody = (town.member, town.colleague, town.customer)
    hidden = (groups.user(str(town.member.pk)), "user_offline", str(town.customer.pk))
    assert town.catch_up(*everybody, since=began) == [hidden]
    assert town.catch_up(town.colleague, since=began) == []
    assert town.catch_up(*everybody, since=timezone.now() + timedelta(seconds=1)) == []


def test_the_team_disappears_for_a_customer_whom_it_blocks(town: Town) -> None:
    began = timezone.now() - timedelta(seconds=1)
    town.reader.there = {str(one.pk) for one in (town.member, town.colleague, town.customer)}
    client_of(town.member).put(f"/chat/blocks/{town.customer.pk}")
    own = groups.user(str(town.customer.pk))
    assert town.catch_up(town.customer, since=began) == sorted(
        (own, "user_offline", str(one.pk)) for one in (town.member, town.colleague)
    )
    client_of(town.member).delete(f"/chat/blocks/{town.customer.pk}")
    client_of(town.customer).put(f"/chat/blocks/businesses/{town.shop.pk}")
    assert town.catch_up(town.member, since=began) == [
        (groups.user(str(town.member.pk)), "user_offline", str(town.customer.pk))
    ]
