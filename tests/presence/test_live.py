"""Real sockets on real server processes, with a TTL of 3 s and a grace of 1 s."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.backend import Deployment
from tests.harness.cast import Cast, Stage
from tests.harness.client import LiveClient
from tests.harness.patience import patience
from tests.harness.services import PostgreSQL


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, postgres: PostgreSQL) -> Iterator[Stage]:
    """Three separate processes, because one of them will be killed."""
    folder = tmp_path_factory.mktemp("presence")
    with Deployment.services(folder, postgres, PRESENCE_TTL="3", PRESENCE_GRACE="1") as deployment:
        yield Stage.set_up(deployment)


@pytest.fixture
async def people(fleet: Stage) -> AsyncIterator[Cast]:
    async with Cast(fleet) as cast:
        yield cast


async def hears(client: LiveClient, event: str, user_id: str) -> dict[str, str]:
    told: dict[str, str] = await client.expect(event, lambda data: data["userId"] == user_id, timeout=8)
    return told


async def test_contacts_on_other_processes_hear_of_every_coming_and_going(people: Cast) -> None:
    customer = await people.newcomer()
    await people.conversation(customer)
    member = await people.olivia.live()
    stranger = await people.outsider.live()
    phone = await customer.live()
    assert await hears(member, "user_online", customer.id) == {"userId": customer.id}
    laptop = await customer.live(2)
    await phone.close()
    await member.nothing("user_offline", within=2, predicate=lambda data: data["userId"] == customer.id)
    await laptop.close()
    left_at = datetime.now(UTC)
    told = await hears(member, "user_offline", customer.id)
    assert abs(datetime.fromisoformat(told["lastSeen"]) - left_at) < timedelta(seconds=patience(0.5))
    answer = await people.olivia.rest.get(f"/presence?userIds={customer.id}")
    assert answer["results"] == [{"userId": customer.id, "online": False, "lastSeen": told["lastSeen"]}]
    await stranger.nothing("user_online", within=0.1, predicate=lambda data: data["userId"] == customer.id)
    hidden = await people.outsider.rest.get(f"/presence?userIds={customer.id}")
    assert hidden["results"] == [{"userId": customer.id, "online": False, "lastSeen": None}]


async def test_a_killed_process_leaves_nobody_online(people: Cast, fleet: Stage) -> None:
    customer = await people.newcomer()
    await people.conversation(customer)
    member = await people.olivia.live()  # on server 1
    await customer.live(2)
    await hears(member, "user_online", customer.id)
    online = await people.olivia.rest.get(f"/presence?userIds={customer.id}")
    assert online["results"][0]["online"] is True
    fleet.deployment.server(2).kill9()
    killed_at, began = datetime.now(UTC), time.monotonic()
    told = await hears(member, "user_offline", customer.id)
    assert time.monotonic() - began < patience(5)  # the TTL and a round of expiry
    silent_before = killed_at - datetime.fromisoformat(told["lastSeen"])
    assert timedelta(seconds=-0.5) < silent_before < timedelta(seconds=patience(1.5))
    fleet.deployment.server(2).start()
