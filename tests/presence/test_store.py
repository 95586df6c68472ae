"""Both stores keep the same promises."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Self

import pytest
import redis

from presence.store import ClosedConnection, Connection, PresenceStore, SyncResult
from tests.presence.process import CLOCKS, GRACE, TTL, Backend, RedisBackend

pytestmark = pytest.mark.standalone

PHONE = Connection("7", "phone")
LAPTOP = Connection("7", "laptop")
OTHER = Connection("8", "other")


@pytest.fixture
async def store(backend: Backend) -> AsyncIterator[PresenceStore]:
    store = backend.open_store()
    yield store
    await store.close()


async def online(store: PresenceStore, *connections: Connection) -> set[str]:
    return (await store.sync(present=connections, gone=[])).online


async def leave(store: PresenceStore, connection: Connection, ago: float = 0.0) -> SyncResult:
    return await store.sync(present=[], gone=[ClosedConnection(connection, ago)])


class Meanwhile:
    """The duration of something, and whether a moment lies in it."""

    def __init__(self) -> None:
        self._began = datetime.now(UTC)
        self._ended: datetime | None = None

    def over(self) -> Self:
        self._ended = datetime.now(UTC)
        return self

    def has(self, moment: datetime) -> bool:
        assert self._ended is not None
        return self._began - CLOCKS <= moment <= self._ended + CLOCKS


async def offline(store: PresenceStore) -> set[str]:
    return set((await store.expire(to_verify=())).offline)


async def test_a_user_comes_with_the_first_connection_only(store: PresenceStore) -> None:
    assert await online(store, PHONE, OTHER) == {"7", "8"}
    assert await online(store, LAPTOP) == set()
    assert await online(store, PHONE) == set()  # announced twice


async def test_two_connections_at_once_are_one_coming(store: PresenceStore) -> None:
    assert await online(store, PHONE, LAPTOP) == {"7"}


async def test_a_user_stays_while_one_connection_lives(store: PresenceStore, backend: Backend) -> None:
    await online(store, PHONE, LAPTOP)
    await leave(store, PHONE)
    await asyncio.sleep(GRACE + 0.1)
    assert await offline(store) == set()
    assert backend.reader.online(["7"]) == {"7"}


async def test_a_user_goes_when_the_grace_is_over(store: PresenceStore, backend: Backend) -> None:
    await online(store, PHONE)
    leaving = Meanwhile()
    await leave(store, PHONE)
    leaving.over()
    assert await offline(store) == set()
    assert backend.reader.online(["7"]) == {"7"}
    await asyncio.sleep(GRACE + 0.05)
    assert backend.reader.online(["7"]) == set()  # before anybody has result
    result = await store.expire(to_verify=())
    assert list(result.offline) == ["7"]
    assert leaving.has(result.offline["7"])
    assert await offline(store) == set()
    assert await online(store, PHONE) == {"7"}


async def test_coming_back_within_the_grace_is_not_a_coming(store: PresenceStore) -> None:
    await online(store, PHONE)
    await leave(store, PHONE)
    assert await online(store, LAPTOP) == set()
    await asyncio.sleep(GRACE + 0.1)
    assert await offline(store) == set()


async def test_an_unheard_connection_ends_with_its_ttl(store: PresenceStore, backend: Backend) -> None:
    coming = Meanwhile()
    await online(store, PHONE)
    coming.over()
    await asyncio.sleep(TTL * 0.8)
    assert await online(store, OTHER) == {"8"}
    await asyncio.sleep(TTL * 0.3)
    assert backend.reader.online(["7", "8"]) == {"8"}
    result = await store.expire(to_verify=())
    assert list(result.offline) == ["7"]
    assert coming.has(result.offline["7"])


async def test_a_refreshed_connection_does_not_end(store: PresenceStore) -> None:
    for _ in range(2):
        await online(store, PHONE)
        await asyncio.sleep(TTL * 0.6)
        assert await offline(store) == set()


async def test_a_silent_connection_does_not_keep_a_user_online_who_has_left(store: PresenceStore) -> None:
    """One device is of a killed process, and one was closed. The later of the two ends decides."""
    await online(store, PHONE)
    await asyncio.sleep(TTL - 0.1)
    await online(store, LAPTOP)
    leaving = Meanwhile()
    await leave(store, LAPTOP)
    leaving.over()
    await asyncio.sleep(0.15)
    assert await offline(store) == set()  # the phone is over, the laptop's grace is not
    await asyncio.sleep(GRACE)
    result = await store.expire(to_verify=())
    assert leaving.has(result.offline["7"])


async def test_a_late_departure_keeps_its_time(store: PresenceStore) -> None:
    """Even if the store has lost everything, contacts still see the user online."""
    leaving = Meanwhile()
    await leave(store, PHONE, ago=60)
    result = await store.expire(to_verify=())
    assert leaving.over().has(result.offline["7"] + timedelta(seconds=60))


async def test_a_departure_reported_twice_counts_once(store: PresenceStore) -> None:
    await online(store, PHONE, LAPTOP)
    await leave(store, PHONE, ago=1)
    await leave(store, PHONE, ago=1)
    assert await offline(store) == set()


async def test_leaving_and_living_reported_together_is_living(store: PresenceStore) -> None:
    await online(store, PHONE)
    result = await store.sync(present=[LAPTOP], gone=[ClosedConnection(PHONE, 60)])
    assert result.online == set()
    assert await offline(store) == set()


async def test_online_users_to_verify_are_returned(store: PresenceStore) -> None:
    await online(store, PHONE)
    result = await store.expire(to_verify=["7", "8"])
    assert result.returned == {"7"}


async def test_each_departure_is_given_to_one_process(backend: Backend) -> None:
    stores = [backend.open_store() for _ in range(4)]
    crowd = [Connection(str(number), str(number)) for number in range(50)]
    await stores[0].sync(present=crowd, gone=[])
    await stores[0].sync(present=[], gone=[ClosedConnection(connection, 60) for connection in crowd])
    results = await asyncio.gather(*(store.expire(to_verify=()) for store in stores))
    given = [user_id for result in results for user_id in result.offline]
    assert sorted(given) == sorted(connection.user_id for connection in crowd)
    for store in stores:
        await store.close()


async def test_connections_of_dead_processes_do_not_pile_up(redis_backend: RedisBackend) -> None:
    store = redis_backend.open_store()
    await online(store, PHONE)
    await asyncio.sleep(TTL + 0.05)
    await online(store, LAPTOP)
    with redis.Redis.from_url(redis_backend.redis.url) as client:
        assert client.zrange("test:presence:user:7", 0, -1) == [b"laptop"]
        assert client.ttl("test:presence:user:7") > 0
    await store.close()


async def test_a_crowd_goes_in_parts(store: PresenceStore) -> None:
    crowd = [Connection(str(number), str(number)) for number in range(450)]
    await store.sync(present=[], gone=[ClosedConnection(connection, 60) for connection in crowd])
    gone: set[str] = set()
    more = True
    while more:
        result = await store.expire(to_verify=())
        more = result.more
        gone |= set(result.offline)
    assert len(gone) == 450
