"""Nothing that a team does reaches a customer's sockets: native, Socket.IO, and Socket.IO by long polling."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
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
SEEN_BY_CUSTOMERS: Final = {"user_online", "user_typing"}


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

    async def answers(self) -> dict[str, Json]:
        """Return the answers to the commands that return the whole state, by socket, and those of REST."""
        asked = {"conversations": {self._id: 0}, "team": {self._id: 0}}
        found = {path: await self._customer.rest.get(path) for path in self._paths()}
        for number, call in enumerate((self._native.call, *(client.call for client in self._others))):
            heartbeat = dict(await call("heartbeat", {}))
            heartbeat.pop("serverTime")
            found |= {f"heartbeat {number}": heartbeat, f"sync {number}": await call("sync", asked)}
        return found

    def _paths(self) -> list[str]:
        own = f"/chat/conversations/{self._id}"
        lists = ("/chat/conversations", "/chat/unread-count", "/notifications", f"/chat/search?q={SECRET}")
        return [own, f"{own}/messages", f"{own}/people", *lists]

    def forget(self) -> None:
        self._native.events.clear()
        for client in self._others:
            client.events.clear()

    async def until_typing_ends(self) -> list[tuple[str, Any]]:
        """Return what the sockets got before. Events of one process arrive in order."""
        await self._native.expect("user_typing", lambda data: not data["isTyping"])
        found = [(frame.event, frame.data) for frame in self._native.events]
        for client in self._others:
            await eventually(partial(_has_typing_ended, client), "the end of the typing")
            found += client.events
        return [event for event in found if event[0] not in SEEN_BY_CUSTOMERS]


async def _has_typing_ended(client: Client) -> bool:
    return any(name == "user_typing" and not data["isTyping"] for name, data in client.events)


@pytest.fixture
async def people(cast: Cast) -> tuple[Person, Person, Person, str]:
    """A member, a colleague, a customer, and their business."""
    member, colleague = await cast.newcomer(1), await cast.newcomer(2)
    customer = await cast.newcomer()
    code = SET_UP.format(slug=f"quiet-{uuid4().hex[:8]}", members=[member.id, colleague.id])
    return member, colleague, customer, cast.stage.deployment.shell(code).split()[-1]


class Team:
    """A member at work, who types after each step, so that a leak is known to be of this step."""

    def __init__(self, member: Person, ours: LiveClient, watch: Watch, ids: dict[str, str]) -> None:
        self._member = member
        self._ours = ours
        self._watch = watch
        self.ids = ids
        self.commands: set[str] = set()
        self.leaks: dict[str, Any] = {}
        self._before: dict[str, Json] = {}

    async def step(self, name: str, act: Callable[[], Awaitable[Any]]) -> Any:
        before = self._before or await self._watch.answers()
        self._watch.forget()
        made = await act()
        for typing in ("typing_start", "typing_stop"):
            await self._ours.call(typing, {"conversationId": self.ids["talk"]})
        got = await self._watch.until_typing_ends()
        after = self._before = await self._watch.answers()
        changed = {place: answer for place, answer in after.items() if answer != before[place]}
        if changed or got:
            self.leaks[name] = (changed, got)
        return made

    async def take(self, action: Action) -> None:
        path, body = action.filled(self.ids)
        request = partial(self._member.rest.request, action.method, path, body or None)
        answer = await self.step(f"{action.method} {action.path} {action.body}", request)
        if action.makes:
            self.ids[action.makes] = answer.json()["id"]

    async def command(self, name: str, **data: str | None) -> Json:
        self.commands.add(name)
        made: Json = await self.step(name, partial(self._ours.call, name, data))
        return made

    async def use_commands(self) -> None:
        talk = self.ids["talk"]
        await self.command("set_team_state", conversationId=talk, priority="low")
        await self.command("hand_over", conversationId=talk)
        made = await self.command("add_note", conversationId=talk, content=SECRET, clientId="by command")
        note = made["note"]["id"]
        await self.command("edit_note", noteId=note, content=f"{SECRET} edited")
        await self.command("delete_note", noteId=note)


async def test_a_customers_sockets_get_nothing(people: tuple[Person, Person, Person, str]) -> None:
    member, colleague, customer, shop = people
    talk = (await customer.rest.post("/chat/conversations", {"businessId": shop}))["id"]
    await customer.send(talk, "hello")
    await member.rest.patch(f"/chat/conversations/{talk}/read")
    theirs = await colleague.live()
    async with Watch(customer, talk) as watch:
        ids = {"talk": talk, "shop": shop, "me": member.id, "colleague": colleague.id}
        team = Team(member, await member.live(), watch, ids)
        for action in team_actions():
            await team.take(action)
        await team.use_commands()
        await theirs.expect("note_deleted", lambda data: data["note"]["clientId"] == "by command")
        assert team.leaks == {}
        assert team.commands == TEAM_COMMANDS
        await team.step("a leak", partial(member.send, talk, "a message"))
        assert {*team.leaks} == {"a leak"}  # so there would have been others above
