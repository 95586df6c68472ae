"""Each invalid frame gets an error, and the socket stays open, on both transports and both servers.

`tests/realtime/test_hostile_frames.py` covers native framing, and `tests/socketio` covers Engine.IO.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator

import psutil
import pytest
from websockets.exceptions import ConnectionClosed

from chatsite.config.limits import Limits
from tests.attack.conftest import SERVERS
from tests.attack.sockets import TRANSPORTS, Refused, Transport, Wire
from tests.conversations.rooms import Room
from tests.harness.servers import Server

pytestmark = pytest.mark.fleet

DEEP = 25_000
MIB = 1024 * 1024
SEND = '{"conversationId":"ROOM","content":'
BAD: dict[str, tuple[str, str, str]] = {
    "deep arrays": ("send_message", "[" * DEEP + "]" * DEEP, "invalid"),
    "deep and never closed": ("send_message", "[" * DEEP, "invalid"),
    "deep objects": ("heartbeat", '{"a":' * 8_000 + "1" + "}" * 8_000, "invalid"),
    "deep in the content": ("send_message", SEND + "[" * DEEP + "]" * DEEP + "}", "invalid"),
    "deep in what nobody reads": (
        "send_message",
        SEND + '"x","more":' + "[" * DEEP + "]" * DEEP + "}",
        "invalid",
    ),
    "NaN": ("send_message", SEND + "NaN}", "invalid"),
    "Infinity": ("sync", '{"conversations":{"ROOM":Infinity}}', "invalid"),
    "5,000 digits": ("sync", '{"conversations":{"ROOM":' + "9" * 5_000 + "}}", "invalid"),
    "an exponent": ("sync", '{"conversations":{"ROOM":1e999999}}', "invalid"),
    "NUL": ("send_message", SEND + '"a\\u0000b"}', "invalid"),
    "NUL in an id": ("join_conversation", '{"conversationId":"\\u0000"}', "not_found"),
    "a lone surrogate": ("send_message", SEND + '"\\ud800"}', "invalid"),
    "a lone low surrogate": ("edit_message", '{"messageId":"ROOM","content":"\\udfff"}', "invalid"),
    "surrogates the wrong way round": ("send_message", SEND + '"\\udc00\\ud800"}', "invalid"),
    "a control character": ("send_message", SEND + '"a\x01b"}', "invalid"),
    "two values": ("send_message", SEND + '"x"} {}', "invalid"),
    "an array": ("send_message", "[1,2]", "invalid"),
    "an operator": ("mark_read", '{"conversationId":{"$ne":null},"messageIds":["x"]}', "invalid"),
    "a prototype": ("join_conversation", '{"__proto__":{"conversationId":"ROOM"}}', "invalid"),
    "500 ids and one": (
        "mark_read",
        '{"conversationId":"ROOM","messageIds":[' + ",".join(['"ROOM"'] * 501) + "]}",
        "too_large",
    ),
    "an order": ("~end_user", "{}", "unknown_event"),
    "an attribute": ("__class__", "{}", "unknown_event"),
}


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("number", SERVERS)
async def test_each_gets_an_error_and_the_socket_lives(room: Room, transport: Transport, number: int) -> None:
    server = room.cast.stage.deployment.server(number)
    async with await Wire.open(transport, server, room.customer.access) as wire:
        for name, (event, data, code) in BAD.items():
            with pytest.raises(Refused) as refused:
                await wire.call_raw(json.dumps(event), data.replace("ROOM", room.id))
            assert refused.value.code == code, f"{name}: {refused.value}"
            await wire.lives()
        for event in ("NaN", "1", "null", "[]", '"\\ud800"', "[" * DEEP):
            with pytest.raises(Refused) as refused:
                await wire.call_raw(event, "{}")
            assert refused.value.code == "invalid", f"{event[:20]}: {refused.value}"
        await wire.lives()
    assert (await room.seen_by(room.customer))["lastSeq"] == 0


# Unusual but valid texts. They must be returned unchanged everywhere.
TEXTS = [
    "\u202egpj.exe\u202c",  # right to left override
    "\u2066\u2067\u2068isolated",  # isolates that are never closed
    "ab\u200b\u200c\u200d\u2060cd",  # zero width
    "Z" + "\u0337\u0353" * 400,
    "\U0001f469\U0001f3fd\u200d\U0001f680\U0001f3f4\U000e0067\U000e007f",
    "\ufeffmark",
    "\ufffe\uffff\U0010ffff",
    "a\u2028b\u2029c\u0085d",
    "\x1b[31mred\x1b[0m\x07\x7f",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "{{ 7*7 }} ${7*7} %s %n {0} \\u0000 %00",
    "'; DROP TABLE messages; --",
    '"}],"event":"~end_user"',
    "İıßẞﬁＡ",  # letters with misleading case and width
    "\U0001d54a" * 8_000,  # as long as a message may be, in characters of four bytes
]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_odd_texts_come_back_as_they_are(room: Room, transport: Transport) -> None:
    for number in SERVERS:
        server = room.cast.stage.deployment.server(number)
        async with await Wire.open(transport, server, room.customer.access) as wire:
            for text in TEXTS:
                ack = await wire.call("send_message", {"conversationId": room.id, "content": text})
                assert ack["message"]["content"] == text
    stored = [row["content"] for row in await room.history(room.olivia)]
    assert stored == TEXTS * len(SERVERS)


async def in_fragments(text: str, size: int) -> AsyncIterator[str]:
    for start in range(0, len(text), size):
        yield text[start : start + size]


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("number", SERVERS)
async def test_fragments(room: Room, transport: Transport, number: int) -> None:
    """The limit applies to the whole message, not to its fragments."""
    server = room.cast.stage.deployment.server(number)
    async with await Wire.open(transport, server, room.customer.access) as wire:
        data = json.dumps({"conversationId": room.id, "content": "in pieces"})
        ref = wire.new_ref()
        await wire.socket.send(in_fragments(wire.framed('"send_message"', data, ref), 7))
        assert (await wire.answer_to(ref))["message"]["content"] == "in pieces"
        await wire.lives()
        padding = json.dumps({"padding": "x" * Limits.frame_bytes})
        await wire.socket.send(in_fragments(wire.framed('"heartbeat"', padding), 4_000))
        assert await wire.closed() == 1009
    assert [row["content"] for row in await room.history(room.customer)] == ["in pieces"]


@pytest.mark.parametrize("number", SERVERS)
async def test_fragments_without_end_do_not_grow_the_process(room: Room, number: int) -> None:
    server = room.cast.stage.deployment.server(number)

    async def endless() -> AsyncIterator[str]:
        for _ in range(64 * 16):
            yield "x" * 65_536

    await _does_not_grow(server, room, endless())


async def test_a_small_frame_that_unpacks_to_a_large_one(room: Room) -> None:
    """Only uvicorn accepts compressed frames."""
    for number in SERVERS:
        server = room.cast.stage.deployment.server(number)
        await _does_not_grow(server, room, "0" * 48 * MIB, compression="deflate")


async def _does_not_grow(
    server: Server, room: Room, message: str | AsyncIterator[str], compression: str | None = None
) -> None:
    process = psutil.Process(server.pid)
    before = process.memory_info().rss
    async with await Wire.open("native", server, room.customer.access, compression=compression) as wire:
        with contextlib.suppress(ConnectionClosed):  # while the test was still sending, as intended
            await wire.socket.send(message)
        assert await wire.closed() in {1006, 1009}
    assert process.memory_info().rss - before < 24 * MIB
    async with await Wire.open("native", server, room.customer.access) as again:
        await again.lives()
