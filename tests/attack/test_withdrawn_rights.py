"""Rights that end while a socket is open: a membership within a second, a session within five, on every process.

`tests/realtime/test_ended_sessions.py` covers more ways in which a session ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from tests.attack.conftest import SERVERS, besieged
from tests.attack.sockets import TRANSPORTS, Refused, Transport, Wire
from tests.conftest import flavours
from tests.conversations.rooms import Room
from tests.conversations.test_membership import change
from tests.harness.backend import Deployment
from tests.harness.cast import Cast, Stage
from tests.harness.patience import patience
from tests.harness.rest import ApiError
from tests.realtime.logins import make_logins

pytestmark = pytest.mark.fleet

MEMBERSHIP_SECONDS, SESSION_SECONDS = 1, 5

MODERATOR = """
from django.contrib.auth.models import User
from django.test import Client
from conversations.models import Membership
user, _ = User.objects.get_or_create(username="root-of-the-siege", is_staff=True, is_superuser=True)
client = Client()
client.force_login(user)
print("session", client.session.session_key, Membership.objects.get(user_id={user}).pk)
"""


def heard_everywhere(deployment: Deployment) -> list[int]:
    """Return the servers that learn of a change made on the first. The embedded site has only the first."""
    return list(SERVERS) if deployment.flavour == "services" else [0]


async def remove_in_admin(deployment: Deployment, user_id: str) -> None:
    printed = deployment.shell(MODERATOR.format(user=user_id))
    _, session_key, membership = next(line for line in printed.splitlines() if "session" in line).split()
    path = f"/admin/conversations/membership/{membership}/delete/"
    cookies = {"sessionid": session_key}
    async with httpx.AsyncClient(
        base_url=deployment.server(0).url, cookies=cookies, trust_env=False, timeout=patience(5)
    ) as http:
        page = await http.get(path)
        assert page.status_code == 200, page.text[:500]
        form = {"post": "yes", "csrfmiddlewaretoken": http.cookies["csrftoken"]}
        assert (await http.post(path, data=form)).status_code == 302


@pytest.fixture(scope="module", params=flavours())
def unwatched(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """A site on which only a control message closes the sockets of a removed member."""
    settings = {"DJANGO_SETTINGS_MODULE": "tests.attack.unwatched_settings"}
    with besieged(request, tmp_path_factory, **settings) as deployment:
        yield deployment


@pytest.fixture(scope="module")
def unwatched_stage(unwatched: Deployment) -> Stage:
    return Stage.set_up(unwatched)


@pytest.fixture
async def unwatched_room(unwatched_stage: Stage) -> AsyncIterator[Room]:
    async with Cast(unwatched_stage) as people:
        yield await Room.open(people)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_removed_member_is_out_within_a_second(unwatched_room: Room, transport: Transport) -> None:
    room = unwatched_room
    deployment = room.cast.stage.deployment
    agent = await room.cast.newcomer()
    change(room, "add_member", agent)
    wires = [
        await Wire.open(transport, deployment.server(number), agent.access)
        for number in heard_everywhere(deployment)
    ]
    for wire in wires:
        await wire.call("join_conversation", {"conversationId": room.id})
    await remove_in_admin(deployment, agent.id)
    await asyncio.gather(*(wire.ended(MEMBERSHIP_SECONDS) for wire in wires))

    with pytest.raises(ApiError) as refused:
        await agent.rest.get(room.path)
    assert refused.value.code == "not_found"
    async with await Wire.open(transport, deployment.server(0), agent.access) as back:
        with pytest.raises(Refused) as closed:
            await back.call("join_conversation", {"conversationId": room.id})
        assert closed.value.code == "not_found"


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_logout_ends_its_sockets_on_every_process(siege: Deployment, transport: Transport) -> None:
    login, other = make_logins(siege)
    mine = [await Wire.open(transport, siege.server(number), login.access) for number in SERVERS]
    kept = [await Wire.open(transport, siege.server(number), other.access) for number in SERVERS]
    async with login.rest() as rest:
        await rest.request("POST", "/auth/logout", {"refresh": login.refresh})
    await asyncio.gather(*(wire.ended(SESSION_SECONDS) for wire in mine))
    for wire in kept:
        await wire.lives()
        await wire.socket.close()
