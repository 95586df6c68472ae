"""Nothing that a team does reaches a customer's sockets: native, Socket.IO, and Socket.IO by long polling."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial
from typing import Any, Final, cast
from uuid import uuid4

import pytest

from tests.harness.cast import Cast, Person
from tests.harness.client import LiveClient
from tests.harness.rest import Json, eventually
from tests.socketio.clients import Client
from tests.team.actions import SECRET, TEAM_COMMANDS, Action, team_actions

# A separate business, so that its customer gets no presence events of other tests' people.
SET_UP: Final = """
from conversations.models import Business, Membership
shop = Business.objects.create(name="Quiet shop", slug={slug!r})
for user_id in {members!r}:
    Membership.objects.create(business=shop, user_id=user_id, role=Membership.Role.OWNER)
print("business", shop.pk)
"""
END: Final = "the last message"


class Watch:
    """A customer's sockets, each joined to the conversation, and what each has received."""

    def __init__(self, customer: Person, conversation_id: str) -> None:
        self._customer = customer
        self._id = conversation_id
        self._native: LiveClient
        self._others: list[Client] = []
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Watch:
        self._native = await self._customer.live()
        await self._native.join(self._id)
        site = self._customer.rest  # the socket.io client needs the address alone
        for transport in ("websocket", "polling"):
            client = Client(cast(Any, site), transport, auth={"token": self._customer.access})
            await self._stack.enter_async_context(client)
            await client.call("join_conversation", {"conversationId": self._id})
            await client.call("heartbeat")
            self._others.append(client)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    async def answers(self) -> list[Json]:
        """Return the answers to the commands that return the whole state, for each socket."""
        asked = {"conversations": {self._id: 0}, "team": {self._id: 0}}
        found = []
        for call in (self._native.call, *(client.call for client in self._others)):
            heartbeat = dict(await call("heartbeat", {}))
            heartbeat.pop("serverTime")
            found += [heartbeat, await call("sync", asked)]
        return found

    def forget(self) -> None:
        self._native.events.clear()
        for client in self._others:
            client.events.clear()

    async def until_end(self) -> list[list[tuple[str, Any]]]:
        """Return what each socket got before the last message. The events of a conversation arrive in order."""
        await self._native.expect("new_message", lambda data: data["message"]["content"] == END)
        found = [_before_end([(frame.event, frame.data) for frame in self._native.events])]
        for client in self._others:
            await eventually(partial(_has_end, client), "the last message")
            found.append(_before_end(client.events))
        return found


async def _has_end(client: Client) -> bool:
    return any(END in repr(event) for event in client.events)


def _before_end(events: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Return the events before the last message, without a member's presence, which customers may see."""
    end = next(place for place, event in enumerate(events) if END in repr(event))
    return [(name, data) for name, data in events[:end] if name != "user_online"]


@pytest.fixture
async def people(cast: Cast) -> tuple[Person, Person, Person, str]:
    """A member, a colleague, a customer, and their business."""
    member, colleague = await cast.newcomer(1), await cast.newcomer(2)
    customer = await cast.newcomer()
    code = SET_UP.format(slug=f"quiet-{uuid4().hex[:8]}", members=[member.id, colleague.id])
    return member, colleague, customer, cast.stage.deployment.shell(code).split()[-1]


async def test_a_customers_sockets_get_nothing(people: tuple[Person, Person, Person, str]) -> None:
    member, colleague, customer, shop = people
    talk = (await customer.rest.post("/chat/conversations", {"businessId": shop}))["id"]
    await customer.send(talk, "hello")
    await member.rest.patch(f"/chat/conversations/{talk}/read")
    ids = {"talk": talk, "shop": shop, "me": member.id, "colleague": colleague.id}
    theirs = await colleague.live()
    ours = await member.live()
    async with Watch(customer, talk) as watch:
        before = await watch.answers()
        watch.forget()
        for action in team_actions():
            await take(member, action, ids)
        await command(ours, talk)
        await theirs.expect("note_deleted", lambda data: data["note"]["clientId"] == "by command")
        assert await watch.answers() == before
        await member.send(talk, END)
        assert await watch.until_end() == [[], [], []]


async def take(member: Person, action: Action, ids: dict[str, str]) -> None:
    path, body = action.filled(ids)
    answer = await member.rest.request(action.method, path, body or None)
    if action.makes:
        ids[action.makes] = answer.json()["id"]


async def command(ours: LiveClient, talk: str) -> None:
    """Each command of the team's side."""
    used = []

    async def call(name: str, **data: str | None) -> Json:
        used.append(name)
        return await ours.call(name, data)

    await call("set_team_state", conversationId=talk, priority="low")
    await call("hand_over", conversationId=talk)
    made = await call("add_note", conversationId=talk, content=SECRET, clientId="by command")
    await call("edit_note", noteId=made["note"]["id"], content=f"{SECRET} edited")
    await call("delete_note", noteId=made["note"]["id"])
    assert set(used) == TEAM_COMMANDS
