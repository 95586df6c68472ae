"""To a stranger, every address and every command answers `not_found` for the objects of others."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from tests.attack.belongings import OF_A_ROOM, OF_THE_VAULT, Secrets
from tests.attack.conftest import SERVERS
from tests.attack.routes import BODY, LIVE, NO_IDS, addresses, command_data
from tests.attack.sockets import TRANSPORTS, Refused, Transport, Wire
from tests.conversations.rooms import Room
from tests.conversations.test_membership import change
from tests.harness.cast import Person
from tests.harness.patience import patience
from tests.harness.rest import ApiError, Json, when_allowed
from tests.realtime.logins import make_logins

pytestmark = pytest.mark.fleet

ADDRESSES = addresses()
# The strangers of these are in tests/team.
TESTED_ELSEWHERE = {
    "assignment",
    "automations",
    "business-hours",
    "csat",
    "groups",
    "labels",
    "members",
    "states",
    "views",
}
OPEN_TO_ALL = {"availability-availability"}  # everybody may ask whether a business is open
WITH_IDS = [
    address
    for address in ADDRESSES
    if address.takes_an_id and address.kind not in TESTED_ELSEWHERE and address.name not in OPEN_TO_ALL
]
# Removing somebody else's block succeeds and changes nothing, whether it exists or not.
LIFTED = {("DELETE", "blocks"), ("DELETE", "businesses")}


@pytest.fixture
async def secrets(room: Room, vault: Json) -> Secrets:
    return await Secrets.of(room, vault)


async def ex_member(room: Room) -> Person:
    """A member who has read everything and has just been removed."""
    agent = await room.cast.newcomer()
    change(room, "add_member", agent)
    await agent.rest.get(room.path)
    change(room, "remove_member", agent)
    return agent


async def strangers_of(secrets: Secrets) -> list[Person]:
    """Return an unrelated user, a former member, and customers: of this business, of another, and a blocked one."""
    room = secrets.room
    elsewhere = await room.cast.newcomer()
    await elsewhere.rest.post("/chat/conversations", {"businessId": secrets.elsewhere})
    return [room.cast.outsider, room.cast.carol, await ex_member(room), secrets.blocked, elsewhere]


async def ask(person: Person, method: str, path: str, body: Json) -> httpx.Response:
    return await when_allowed(lambda: person.rest.http.request(method, path, json=body))


def test_the_tables_are_not_empty() -> None:
    assert len(WITH_IDS) >= 45
    assert len(ADDRESSES) >= len(WITH_IDS) + 12
    assert {"send_message", "join_conversation", "edit_message"} <= set(LIVE)


def test_the_secrets_have_one_of_every_kind() -> None:
    """A new kind of object must be added to the secrets."""
    known = {*OF_A_ROOM, *OF_THE_VAULT}
    known |= {"sites"}  # it takes an id that does not exist; tests/widget covers its strangers
    assert {address.kind for address in WITH_IDS} <= known


async def test_addresses_with_an_id(secrets: Secrets) -> None:
    room = secrets.room
    strangers = await strangers_of(secrets)
    before = await secrets.state()
    for address in WITH_IDS:
        where = address.path(secrets.ids)
        missing = await ask(room.cast.outsider, address.method, address.path({}), BODY)
        expected = 204 if (address.method, address.kind) in LIFTED else 404
        assert missing.status_code == expected, f"{address}: {missing.text}"
        for stranger in strangers:
            there = await ask(stranger, address.method, where, BODY)
            assert (there.status_code, there.content) == (expected, missing.content), (
                f"{address} for {stranger.name}"
            )
    assert await secrets.state() == before


# Ids that go in a body or a query: (method, path, body), with `$name` for one of the secrets.
IN_BODIES: list[tuple[str, str, Json]] = [
    ("POST", "/chat/reports", {"conversationId": "$conversationId", "reason": "spam"}),
    (
        "POST",
        "/chat/reports",
        {"conversationId": "$conversationId", "reason": "spam", "messageId": "$messageId"},
    ),
    (
        "POST",
        "/offers",
        {
            "conversationId": "$conversationId",
            "title": "x",
            "amountMinor": 1,
            "currency": "EUR",
            "expiresAt": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
        },
    ),
    ("GET", "/offers?conversationId=$conversationId", {}),
    ("POST", "/team/invitations", {"businessId": "$business", "userId": "$user"}),
    ("GET", "/team/invitations?businessId=$business", {}),
    ("POST", "/chat/conversations", {"businessId": "$business", "customerId": "$user"}),
]


async def test_ids_in_bodies_and_queries(secrets: Secrets) -> None:
    room = secrets.room
    real = {**secrets.ids, "business": room.cast.business_id, "user": room.customer.id}
    absent = {**dict.fromkeys(real, str(uuid4())), "user": real["user"]}

    def filled(value: object, ids: Json) -> str:
        text = str(value)
        for name in sorted(ids, key=len, reverse=True):
            text = text.replace(f"${name}", ids[name])
        return text

    for stranger in await strangers_of(secrets):
        for method, path, body in IN_BODIES:
            answers = []
            for ids in (real, absent):
                data = {
                    key: filled(value, ids) if isinstance(value, str) else value
                    for key, value in body.items()
                }
                answer = await ask(stranger, method, filled(path, ids), data)
                answers.append((answer.status_code, answer.json()))
            assert answers[0][0] == 404, f"{method} {path} for {stranger.name}: {answers[0]}"
            assert answers[0] == answers[1], f"{method} {path} for {stranger.name}"


async def test_lists_hold_nothing_of_others(secrets: Secrets) -> None:
    """Search every list, without filters, for every id."""
    outsider = secrets.room.cast.outsider
    for address in ADDRESSES:
        if address.method == "GET" and not address.takes_an_id:
            answer = await outsider.rest.http.get(
                address.path({}), params={"userIds": secrets.room.customer.id}
            )
            for name, value in secrets.hidden_ids().items():
                assert value not in answer.text, f"{address.pattern} shows {name}"


async def refusal_of(wire: Wire, name: str, data: Json) -> Json:
    """Return the error of a command. Repeat a command that the person's rate limit refuses."""
    while True:
        with pytest.raises(Refused) as refused:
            await wire.call(name, data)
        if refused.value.code != "rate_limited":
            return refused.value.data
        await asyncio.sleep(refused.value.data["details"]["retryAfter"])


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_live_commands(secrets: Secrets, transport: Transport) -> None:
    room = secrets.room
    absent = dict.fromkeys(secrets.ids, str(uuid4()))
    for number, stranger in enumerate(await strangers_of(secrets)):
        server = room.cast.stage.deployment.server(number % len(SERVERS))
        async with await Wire.open(transport, server, stranger.access) as wire:
            for name in LIVE:
                if (
                    name == "leave_conversation"
                ):  # leaving a conversation that was never joined reveals nothing and changes nothing
                    await wire.call(name, command_data(name, secrets.ids))
                    continue
                answers = [
                    await refusal_of(wire, name, command_data(name, ids)) for ids in (secrets.ids, absent)
                ]
                assert answers[0]["code"] == "not_found", f"{name} for {stranger.name}"
                assert answers[0] == answers[1], f"{name} for {stranger.name}"


async def test_nothing_of_it_reaches_the_people_inside(secrets: Secrets) -> None:
    room = secrets.room
    customer = await room.watch(room.customer)
    stranger = await room.cast.outsider.live(room.customer.home)
    (message,) = await room.say(room.customer, "private")
    for name in LIVE:
        await stranger.send(name, command_data(name, {**secrets.ids, "messageId": message["id"]}))
    await stranger.call("heartbeat")
    await customer.client.expect("new_message")
    await customer.client.nothing("user_typing")
    fresh = await customer.converges()
    said = {row["content"] for row in fresh.ordered() if row["senderId"] == room.customer.id}
    assert said == {"private", "private.pdf"}
    assert {frame.event for frame in stranger.events} <= {"error"}


async def test_without_a_login_there_is_nothing_at_all(secrets: Secrets) -> None:
    for number in SERVERS:
        server = secrets.room.cast.stage.deployment.server(number)
        async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=patience(5)) as http:
            for address in ADDRESSES:
                answers = [
                    await http.request(address.method, address.path(ids), json=BODY)
                    for ids in (secrets.ids, {})
                ]
                found = {(answer.status_code, answer.json()["error"]["code"]) for answer in answers}
                assert found == {(401, "unauthenticated")}, address
                assert answers[0].json() == answers[1].json()


async def test_a_suspended_person_is_not_notified(secrets: Secrets) -> None:
    deployment = secrets.room.cast.stage.deployment
    login = make_logins(deployment)[0]
    suspend = f"suspend_user(actor=None, user_id={login.user_id!r}, reason='x')"
    code = f"from conversations.moderation.operations import suspend_user; {suspend}"
    deployment.shell(code)
    async with login.rest(1) as rest:
        for address in ADDRESSES:
            answer = await rest.http.request(address.method, address.path(secrets.ids), json=BODY)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthenticated"), address


async def test_no_command_works_before_authentication(secrets: Secrets) -> None:
    for number in SERVERS:
        async with await Wire.open("native", secrets.room.cast.stage.deployment.server(number)) as wire:
            for name in [*LIVE, *NO_IDS]:
                data = {} if name in NO_IDS else command_data(name, secrets.ids)
                with pytest.raises(Refused) as refused:
                    await wire.call(name, data)
                assert refused.value.code == "unauthenticated", name


async def test_replying_to_a_message_of_another_conversation(room: Room) -> None:
    other = await Room.open(room.cast)
    (foreign,) = await other.say(other.customer, "elsewhere")
    answers = []
    for quoted in (foreign["id"], str(uuid4())):
        with pytest.raises(ApiError) as refusal:
            await room.customer.send(room.id, "re", replyTo=quoted)
        answers.append((refusal.value.status, refusal.value.code, refusal.value.message))
    assert answers[0] == answers[1]
    assert answers[0][:2] == (400, "invalid")
