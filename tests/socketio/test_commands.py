"""Answers, errors, order, and hostile clients."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.harness.plain_asgi import seen_code
from tests.socketio.clients import Client, Poller, RawClient
from tests.socketio.server import Site

pytestmark = pytest.mark.standalone

BOTH = pytest.mark.parametrize("transport", ["websocket", "polling"])


@BOTH
async def test_an_error_goes_only_to_the_callback(site: Site, transport: str) -> None:
    async with Client(site, transport) as ann:
        answer = await ann.call("join_conversation", {"conversationId": "foreign"})
        assert answer == {"error": {"code": "not_found", "message": "No such conversation."}}
        await asyncio.sleep(0.2)
        assert not [event for event in ann.events if event[0] == "error"]


@BOTH
async def test_without_a_callback_an_error_is_an_event(site: Site, transport: str) -> None:
    async with Client(site, transport) as ann:
        await ann.emit("join_conversation", {"conversationId": 7})
        error = await ann.expect("error")
        assert error["code"] == "invalid"
        assert error["details"] == {"field": "conversationId"}


async def test_a_bug_answers_internal_and_the_socket_stays(site: Site) -> None:
    async with Client(site) as ann:
        assert (await ann.call("fail"))["error"]["code"] == "internal"
        assert await ann.call("echo", {"text": "on"}) == {"text": "on"}


@pytest.mark.parametrize("name", ["no_such", "connect", "disconnect", "~end_user", "__init__", ""])
async def test_unknown_events(site: Site, name: str) -> None:
    async with RawClient(site) as raw:
        await raw.send(f"42/chat,5{json.dumps([name, {}])}")
        assert json.loads((await raw.read()).removeprefix("43/chat,5"))[0]["error"]["code"] == "unknown_event"


@pytest.mark.parametrize(
    "arguments",
    [
        '["echo",{"text":"cut \\ud83d"}]',
        '["\\ud83d",{}]',
        '["echo",' + "[" * 30_000 + "]" * 30_000 + "]",
        '["echo",' + "[" * 30_000,
        "[7,{}]",
        '["echo",{},{}]',
        "[]",
        '{"event":"echo"}',
        "null",
        "",
    ],
    ids=lambda text: text[:24],
)
async def test_an_unreadable_packet_is_answered_to_its_callback(site: Site, arguments: str) -> None:
    async with RawClient(site) as raw:
        await raw.send(f"42/chat,7{arguments}")
        assert json.loads((await raw.read()).removeprefix("43/chat,7"))[0]["error"]["code"] == "invalid"


@BOTH
async def test_a_fresh_token_is_taken_while_connected(site: Site, transport: str) -> None:
    async with Client(site, transport) as ann:
        assert await ann.call("authenticate", {"token": "user:ann"}) == {"userId": "ann"}
        assert (await ann.call("authenticate", {"token": "user:bob"}))["error"]["code"] == "invalid"


async def test_commands_run_in_order_and_pipelined_ones_do_not_wait(site: Site) -> None:
    async with RawClient(site) as raw:
        for number in range(50):
            delay = 1.5 if number == 0 else 0.0
            await raw.send(f'42/chat,{number}["echo_pipelined",{{"text":"{number}","delay":{delay}}}]')
        answers = [await raw.read() for _ in range(50)]
    assert answers[-1].startswith("43/chat,0[")  # the slow first one is answered last
    for frame in answers:
        ref, _, body = frame.removeprefix("43/chat,").partition("[")
        assert json.loads("[" + body)[0] == {"text": ref, "number": int(ref) + 1}


async def test_plain_commands_wait_for_each_other(site: Site) -> None:
    async with RawClient(site) as raw:
        for number in range(20):
            await raw.send(f'42/chat,{number}["echo",{{"delay":{0.02 if number % 2 else 0}}}]')
        assert [(await raw.read())[:10] for _ in range(20)] == [
            f"43/chat,{number}["[:10] for number in range(20)
        ]


async def test_one_post_may_carry_many_packets(site: Site) -> None:
    packets = [f'42/chat,{number}["echo_pipelined",{{"text":"{number}"}}]' for number in range(300)]
    async with Poller(site) as poller:
        await poller.join()
        await poller.post("\x1e".join(packets))
        answers: list[str] = []
        while len(answers) < 300:
            answers += (await poller.get()).text.split("\x1e")
    assert [json.loads("[" + answer.partition("[")[2])[0]["number"] for answer in answers] == list(
        range(1, 301)
    )


async def test_posts_at_once_run_one_after_the_other(site: Site) -> None:
    async with Poller(site) as poller:
        await poller.join()
        begun = '42/chat,["broadcast",{"text":"begun"}]'
        slow = asyncio.create_task(poller.post(begun + '\x1e42/chat,1["echo",{"delay":1.0}]'))
        await poller.until(lambda texts: "begun" in texts)
        await poller.post('42/chat,2["echo",{}]')
        await slow
        texts = await poller.until(lambda texts: texts.count("43/chat,") >= 2)
    assert texts.index("43/chat,1") < texts.index("43/chat,2")


HOSTILE: dict[str, str] = {
    "two arguments": '42/chat,9["echo",{},{}]',
    "no name": "42/chat,9[]",
    "a number for a name": "42/chat,9[1,{}]",
    "data is text": '42/chat,9["echo","text"]',
    "data is null": '42/chat,9["echo",null]',
    "data is a list": '42/chat,9["echo",[]]',
    "nested 10k": '42/chat,9["echo",' + "[" * 10_000 + "]" * 10_000 + "]",
    "nested 30k objects": '42/chat,9["echo",' + '{"a":' * 10_000 + "1" + "}" * 10_000 + "]",
    "NaN": '42/chat,9["echo",{"delay":NaN}]',
    "infinite": '42/chat,9["echo",{"delay":1e999}]',
    "a big integer": '42/chat,9["echo",{"text":' + "9" * 5_000 + "}]",
    "a lone surrogate": '42/chat,9["echo",{"text":"\\ud800"}]',
    "broken JSON": '42/chat,9["echo",{',
    "an attachment": '451-/chat,9["echo",{"text":{"_placeholder":true,"num":0}}]',
}
UNADDRESSED: dict[str, str] = {
    "another namespace": '42/other,["echo",{}]',
    "the default namespace": '42["echo",{}]',
    "an object for packet": '4{"a":1}',
    "deep engine data": "4" + "[" * 20_000,
    "no data": "42/chat,",
    "an endless ack id": "42/chat," + "1" * 200 + '["echo",{}]',
    "empty": "4",
    "unknown type": "49/chat,[]",
    "a superscript digit": "4²/chat,[]",
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_bad_frames_answer_invalid(site: Site, name: str) -> None:
    async with RawClient(site) as raw:
        await raw.send(HOSTILE[name])
        answer = json.loads((await raw.read()).removeprefix("43/chat,9"))
        assert answer[0]["error"]["code"] == "invalid"
        await _still_works(raw)


@pytest.mark.parametrize("name", UNADDRESSED)
async def test_bad_packets_are_an_error_event(site: Site, name: str) -> None:
    async with RawClient(site) as raw:
        await raw.send(UNADDRESSED[name])
        event = json.loads((await raw.read()).removeprefix("42/chat,"))
        assert (event[0], event[1]["code"]) == ("error", "invalid")
        await _still_works(raw)


@pytest.mark.parametrize("name", [*HOSTILE, *UNADDRESSED])
async def test_bad_packets_by_polling_do_not_harm_the_others(site: Site, name: str) -> None:
    bad: dict[str, Any] = {**HOSTILE, **UNADDRESSED}
    async with Poller(site) as poller:
        await poller.join()
        await poller.post(bad[name] + '\x1e42/chat,1["echo",{"text":"after"}]')
        texts = await poller.until(lambda texts: "after" in texts)
        assert '"code":"invalid"' in texts


async def test_attachments_are_refused_once_and_skipped(site: Site) -> None:
    async with Client(site) as ann:
        answer = await ann.call("echo", {"text": b"binary", "more": b"again"})
        assert answer["error"]["code"] == "invalid"
        assert await ann.call("echo", {"text": "on"}) == {"text": "on"}
        assert [event for event, _ in ann.events] == ["greeting"]


@pytest.mark.parametrize("frame", ["", "x", "7", "²", "5", "0{}"])
async def test_a_packet_that_is_not_engine_io_closes(site: Site, frame: str) -> None:
    async with RawClient(site) as raw:
        await raw.send(frame)
        assert await raw.closed() == seen_code(site.kind, 1002)


BODIES = [b"x", b"\x1e", b"42\x1e", b"9", b"bx", b"\xff", b"d=42/chat,[]", "²".encode(), b"\x1e" * 60_000]


@pytest.mark.parametrize("body", BODIES, ids=[body[:9].decode("latin-1") for body in BODIES])
async def test_a_body_that_is_not_engine_io_closes(site: Site, body: bytes) -> None:
    async with Poller(site) as poller:
        await poller.join()
        assert (await poller.post(body)).status_code == 400
        assert (await poller.get()).status_code == 400


@pytest.mark.parametrize("packet", ["0/chat,{", "0/chat,1{", "0²", "0/chat," + "1" * 200])
async def test_a_malformed_connect_closes(site: Site, packet: str) -> None:
    async with RawClient(site, token=None) as raw:
        await raw.send("4" + packet)
        assert all(frame.startswith("44") for frame in await raw.rest())
        assert raw.socket.close_code == seen_code(raw.site.kind, 1008)


async def _still_works(raw: RawClient) -> None:
    await raw.send('42/chat,10["echo",{"text":"on"}]')
    assert await raw.read() == '43/chat,10[{"text":"on"}]'
