"""Frames that are not UTF-8, with a `ref` or the id of a callback. Each is answered where the protocol allows it.

By RFC 6455 a text message that is not UTF-8 closes the WebSocket with 1007. So a client can get its `ref` back only
for a binary message and for a request of long polling.
"""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.harness.plain_asgi import code_of_unreadable
from tests.socketio.clients import Poller, RawClient
from tests.socketio.server import Site
from tests.socketio.test_native_peers import AUTHENTICATE, MASK, close_code, raw_socket, read_frame

pytestmark = pytest.mark.standalone

BAD: dict[str, bytes] = {
    "never a byte of UTF-8": b"\xff",
    "cut": b"\xe2\x82",
    "overlong": b"\xc0\xaf",
    "half of a surrogate pair": b"\xed\xa0\xbd",
    "past the last character": b"\xf4\x90\x80\x80",
}


def frame(opcode: int, payload: bytes, *, final: bool = True) -> bytes:
    assert len(payload) < 126
    return bytes([opcode | (0x80 if final else 0), 0x80 | len(payload)]) + MASK + payload


async def native_answer(reader: asyncio.StreamReader) -> tuple[object, object]:
    while True:
        opcode, payload = await read_frame(reader)
        shown = json.loads(payload) if opcode == 1 else {}
        if shown.get("event") == "error":
            return shown.get("ref"), shown["data"]["code"]


@pytest.mark.parametrize("name", BAD)
async def test_a_native_text_frame_closes_with_1007(site: Site, name: str) -> None:
    async with raw_socket(site) as (reader, writer):
        writer.write(
            frame(1, AUTHENTICATE) + frame(1, b'{"event":"echo","ref":7,"data":"' + BAD[name] + b'"}')
        )
        assert await close_code(reader) == code_of_unreadable(site.kind, 1007)


async def test_a_character_may_be_split_between_fragments(site: Site) -> None:
    text = '{"event":"no_such","ref":7,"data":"€"}'.encode()
    cut = text.index(b"\xe2") + 1
    async with raw_socket(site) as (reader, writer):
        writer.write(frame(1, AUTHENTICATE) + frame(1, text[:cut], final=False) + frame(0, text[cut:]))
        assert await native_answer(reader) == (7, "unknown_event")


@pytest.mark.parametrize("name", BAD)
async def test_a_native_binary_frame_is_answered_with_its_ref(site: Site, name: str) -> None:
    async with raw_socket(site) as (reader, writer):
        writer.write(
            frame(1, AUTHENTICATE) + frame(2, b'{"event":"echo","ref":7,"data":"' + BAD[name] + b'"}')
        )
        assert await native_answer(reader) == (7, "invalid")
        writer.write(frame(1, b'{"event":"no_such","ref":8,"data":{}}'))
        assert await native_answer(reader) == (8, "unknown_event")


@pytest.mark.parametrize("name", BAD)
async def test_a_socketio_text_frame_closes_with_1007(site: Site, name: str) -> None:
    async with RawClient(site) as raw:
        raw.socket.transport.write(frame(1, b'42/chat,7["echo",{"text":"' + BAD[name] + b'"}]'))
        assert await raw.closed() == code_of_unreadable(site.kind, 1007)


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("packet", ['40/chat,{"token":"user:ann%"}', "4%", "%", "b%", "40/chat%,{}"])
async def test_other_packets_of_a_poll_are_refused(site: Site, packet: str, name: str) -> None:
    async with Poller(site) as poller:
        answer = await poller.post(packet.encode().replace(b"%", BAD[name]))
        assert answer.status_code == 400


@pytest.mark.parametrize("name", BAD)
async def test_a_polled_packet_is_answered_to_its_callback(site: Site, name: str) -> None:
    async with Poller(site) as poller:
        await poller.join()
        answer = await poller.post(b'42/chat,7["echo",{"text":"' + BAD[name] + b'"}]')
        assert answer.status_code == 200
        texts = await poller.until(lambda texts: "43/chat,7" in texts)
        shown = json.loads(texts[texts.index("43/chat,7") + 9 :].partition("\x1e")[0])
        assert shown[0]["error"]["code"] == "invalid"
        assert (await poller.post('42/chat,8["echo",{"text":"on"}]')).status_code == 200
        await poller.until(lambda texts: '43/chat,8[{"text":"on"}]' in texts)
