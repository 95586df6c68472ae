"""Send arbitrary data with every command over a live session.

No answer is `internal`, and the socket stays open. `HYPOTHESIS_PROFILE=long pytest
tests/attack/test_fuzzed_commands.py` runs more examples.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatsite.config.limits import Limits
from chatsite.errors import HTTP_STATUS
from chatsite.realtime.registry import commands
from tests.attack.conftest import SERVERS
from tests.attack.fuzzing import FUZZ
from tests.attack.sockets import TRANSPORTS, Refused, Transport, Wire
from tests.conversations.rooms import Room
from tests.harness.cast import Cast, Stage
from tests.harness.rest import Json

pytestmark = pytest.mark.fleet

ROOM, MESSAGE = "$room", "$message"  # stand for ids that are there
TEXT = st.text(max_size=40) | st.sampled_from(
    ["\x00", "", " ", "\u202e", "9" * 400, "a" * (Limits.message_length + 1)]
)
IDS = st.sampled_from([ROOM, MESSAGE, str(uuid4()), "0", "-1", "ROOM", "{}", "\x00", ""]) | TEXT
NUMBERS = st.integers() | st.sampled_from([2**31, 2**53, 2**63 - 1, 2**63, 2**64, -(2**63), 10**40])
JUNK = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.floats(allow_nan=False, allow_infinity=False) | IDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)


def value_of(kind: Any) -> st.SearchStrategy[Any]:
    """Return a value, in most cases of the field's type."""
    info = msgspec.inspect.type_info(kind)
    if isinstance(info, msgspec.inspect.ListType):
        return st.lists(IDS, max_size=5) | JUNK
    if isinstance(info, msgspec.inspect.DictType):
        return st.dictionaries(IDS, NUMBERS, max_size=5) | JUNK
    if isinstance(info, msgspec.inspect.IntType):
        return NUMBERS | JUNK
    return IDS | TEXT | JUNK


def data_of(name: str) -> st.SearchStrategy[Any]:
    fields = {
        field.encode_name: value_of(field.type) for field in msgspec.structs.fields(commands[name].data)
    }
    whole = st.fixed_dictionaries(fields)
    part = st.fixed_dictionaries({}, optional={**fields, "extra": JUNK})
    return whole | whole | part | JUNK


CALLS = st.sampled_from(sorted(commands)).flatmap(lambda name: st.tuples(st.just(name), data_of(name)))


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_any_data_of_any_command(siege_stage: Stage, transport: Transport) -> None:
    with asyncio.Runner() as runner:
        attack = Attack(siege_stage, transport)
        runner.run(attack.begin())

        @FUZZ
        @given(CALLS)
        @example(("mark_read", {"conversationId": ROOM, "messageIds": [MESSAGE, MESSAGE]}))
        @example(("sync", {"conversations": {ROOM: -1, "x": 2**63 - 1}}))
        @example(("sync", {"conversations": {}, "notificationsAfter": "\x00"}))
        def try_it(call: tuple[str, Any]) -> None:
            work: Coroutine[Any, Any, None] = attack.call(*call)
            runner.run(work)

        try:
            try_it()
            runner.run(attack.lives())
        finally:
            runner.run(attack.end())


async def outcome(wire: Wire, name: str, text: str) -> tuple[str, Json]:
    """Return the error's code and shape, or "" and the ack's data."""
    try:
        return "", await wire.call_raw(json.dumps(name), text)
    except Refused as refused:
        return refused.code, refused.data


class Attack:
    """The sockets of one customer, one on each server."""

    def __init__(self, stage: Stage, transport: Transport) -> None:
        self._cast = Cast(stage)
        self._transport = transport

    async def begin(self) -> None:
        await self._cast.__aenter__()
        self.room = await Room.open(self._cast)
        (message,) = await self.room.say(self.room.olivia, "hello")
        self._ids = {ROOM: self.room.id, MESSAGE: message["id"]}
        servers = [self._cast.stage.deployment.server(number) for number in SERVERS]
        self._wires = [
            await Wire.open(self._transport, server, self.room.customer.access) for server in servers
        ]
        for wire in self._wires:
            await wire.call("join_conversation", {"conversationId": self.room.id})

    async def call(self, name: str, data: Any) -> None:
        text = json.dumps(data)
        for stand_in, value in self._ids.items():
            text = text.replace(stand_in, value)
        for wire in self._wires:
            code, answer = await outcome(wire, name, text)
            assert code in {"", *HTTP_STATUS} - {"internal", "unavailable"}, answer
            assert code != "unauthenticated" or name == "authenticate"
            assert not code or answer.keys() <= {"code", "message", "details"}

    async def lives(self) -> None:
        for wire in self._wires:
            await wire.lives()
        await self.room.say(self.room.olivia, "still there?")

    async def end(self) -> None:
        for wire in self._wires:
            await wire.socket.close()
        await self._cast.__aexit__(None, None, None)
