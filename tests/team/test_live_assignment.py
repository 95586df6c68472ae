"""Agents come and go on real servers, at random. No conversation waits for long while one of them is online."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import uuid4

import pytest

from tests.harness.cast import Cast, Person
from tests.harness.client import LiveClient
from tests.harness.rest import eventually

pytestmark = pytest.mark.fleet

SEED: Final = 20
CONVERSATIONS: Final = 200
AGENTS: Final = 5
ASSIGNED_WITHIN: Final = 15.0  # seconds; the job that looks at every business runs once a minute
SET_UP: Final = """
from conversations.models import Business, Membership
shop = Business.objects.create(name="Busy shop", slug={slug!r})
for user_id in {members!r}:
    Membership.objects.create(business=shop, user_id=user_id)
Membership.objects.filter(business=shop, user_id={members!r}[0]).update(role="owner")
print("business", shop.pk)
"""
WRITE: Final = """
from uuid import uuid4
from django.contrib.auth.models import User
from conversations.operations import open_conversation, send_message
from conversations.requests import SendBody
for _ in range({count}):
    customer = User.objects.create(username=f"customer-{{uuid4().hex[:12]}}")
    where, _, _ = open_conversation(user_id=customer.pk, business_id={business!r})
    send_message(sender_id=customer.pk, conversation_id=where.pk, body=SendBody(content="hello"))
print("written")
"""


class Team:
    """A business whose owner is away, its agents, and the sockets of those who are there."""

    def __init__(self, cast: Cast, owner: Person, agents: list[Person], business_id: str) -> None:
        self._cast = cast
        self.owner, self.agents, self.business_id = owner, agents, business_id
        self.sockets: dict[str, LiveClient] = {}
        self.written = 0

    async def write(self, count: int) -> None:
        code = WRITE.format(count=count, business=self.business_id)
        assert "written" in self._cast.stage.deployment.shell(code)
        self.written += count

    async def come_or_go(self, agent: Person) -> None:
        socket = self.sockets.pop(agent.id, None)
        if socket is None:
            self.sockets[agent.id] = await agent.live()
        else:
            await socket.close()

    async def nobody_waits(self) -> bool:
        path = f"/chat/conversations?businessId={self.business_id}&assignee=none"
        return not (await self.owner.rest.get(path))["results"]

    async def assigned_to(self, person: Person) -> int:
        path = f"/chat/conversations?businessId={self.business_id}&assignee={person.id}&limit=200"
        return len((await self.owner.rest.get(path))["results"])


@asynccontextmanager
async def busy_team(cast: Cast, agents: int, mode: str) -> AsyncIterator[Team]:
    cast.stage.deployment.start_worker()
    people = [await cast.newcomer(number) for number in range(agents + 1)]
    code = SET_UP.format(slug=f"busy-{uuid4().hex[:8]}", members=[one.id for one in people])
    business_id = cast.stage.deployment.shell(code).split()[-1]
    rule = {"mode": mode, "capacity": None}
    await people[0].rest.request("PUT", f"/team/assignment/{business_id}", rule)
    yield Team(cast, people[0], people[1:], business_id)
    await people[0].rest.request("PUT", f"/team/assignment/{business_id}", {**rule, "mode": "off"})


async def test_what_waits_is_assigned_when_somebody_comes(cast: Cast) -> None:
    async with busy_team(cast, agents=1, mode="round_robin") as team:
        await team.write(3)
        assert not await team.nobody_waits()
        [agent] = team.agents
        await team.come_or_go(agent)
        await eventually(team.nobody_waits, "the agent has all of them", ASSIGNED_WITHIN)
        assert await team.assigned_to(agent) == 3
        await team.write(1)
        await eventually(team.nobody_waits, "the agent has the new one", ASSIGNED_WITHIN)


async def test_nobody_waits_while_agents_come_and_go(cast: Cast) -> None:
    chance = random.Random(SEED)
    async with busy_team(cast, agents=AGENTS, mode="least_loaded") as team:
        while team.written < CONVERSATIONS:
            for agent in chance.sample(team.agents, chance.randint(0, 2)):
                await team.come_or_go(agent)
            await team.write(min(chance.randint(5, 20), CONVERSATIONS - team.written))
            if team.sockets:
                await eventually(team.nobody_waits, f"all assigned to {[*team.sockets]}", ASSIGNED_WITHIN)
        if not team.sockets:
            await team.come_or_go(team.agents[0])
        await eventually(team.nobody_waits, "the last ones are assigned", ASSIGNED_WITHIN)
        loads = [await team.assigned_to(agent) for agent in team.agents]
    assert sum(loads) == CONVERSATIONS
    assert sum(load > 0 for load in loads) > 1
