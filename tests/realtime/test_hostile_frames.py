"""Each invalid frame gets an `error`, and the socket stays open."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chatsite.config.limits import Limits
from tests.harness.client import LiveClient
from tests.harness.rest import ApiError, Json
from tests.realtime.logins import Login

DEEP = 30_000  # as deep as a frame of 64 KiB can be


def frame(event: Any, data: Any = None, **more: Any) -> str:
    return json.dumps({"event": event, "data": {} if data is None else data, **more})


SEND: Json = {"conversationId": "01a208d4-b5ab-76fb-a82d-f90feed3bbfd", "content": "hello"}
BAD: dict[str, tuple[str | bytes, str]] = {
    "no JSON": ("hello", "invalid"),
    "empty": ("", "invalid"),
    "half": ('{"event": "heartbeat"', "invalid"),
    "trailing": ('{"event": "heartbeat"} x', "invalid"),
    "array": ("[]", "invalid"),
    "null": ("null", "invalid"),
    "number": ("1", "invalid"),
    "binary": (b'{"event": "heartbeat"}', "invalid"),
    "binary garbage": (b"\xff\xfe\x00", "invalid"),
    "deep array": ("[" * DEEP, "invalid"),
    "deep closed": ("[" * DEEP + "]" * DEEP, "invalid"),
    "deep data": ('{"event":"heartbeat","data":' + '{"a":' * 9_000 + "1" + "}" * 9_000 + "}", "invalid"),
    "deep in a known field": (
        '{"event":"sync","data":{"conversations":' + "[" * DEEP + "]" * DEEP + "}}",
        "invalid",
    ),
    "5,000 digits": ('{"event":"sync","data":{"conversations":{"a":' + "9" * 5_000 + "}}}", "invalid"),
    "5,000 digits as ref": ('{"event":"heartbeat","ref":' + "9" * 5_000 + "}", "invalid"),
    "NaN": ('{"event":"sync","data":{"conversations":{"a":NaN}}}', "invalid"),
    "Infinity": ('{"event":"heartbeat","data":{"a":-Infinity}}', "invalid"),
    "float for an integer": ('{"event":"sync","data":{"conversations":{"a":1.5}}}', "invalid"),
    "lone surrogate in content": (
        '{"event":"send_message","data":{"conversationId":"x","content":"\\ud800"}}',
        "invalid",
    ),
    "lone surrogate in the event": ('{"event":"\\udfff"}', "invalid"),
    "lone surrogate in an id": (
        '{"event":"join_conversation","data":{"conversationId":"\\ud800"}}',
        "invalid",
    ),
    "NUL in content": (frame("send_message", {**SEND, "content": "a\x00b"}), "invalid"),
    "NUL in clientId": (frame("send_message", {**SEND, "clientId": "a\x00b"}), "invalid"),
    "NUL in an id": (frame("join_conversation", {"conversationId": "\x00"}), "not_found"),
    "NUL in the event": (frame("a\x00b"), "unknown_event"),
    "unknown event": (frame("drop_tables"), "unknown_event"),
    "an order": (frame("~end_user"), "unknown_event"),
    "a server's event": (frame("new_message", SEND), "unknown_event"),
    "long event": (frame("x" * 60_000), "unknown_event"),
    "no event": ('{"data": {}}', "invalid"),
    "event of a wrong type": (frame(1), "invalid"),
    "data of a wrong type": (frame("heartbeat", [1]), "invalid"),
    "data null": ('{"event":"join_conversation","data":null}', "invalid"),
    "missing field": (frame("join_conversation", {}), "invalid"),
    "field of a wrong type": (frame("join_conversation", {"conversationId": 7}), "invalid"),
    "ids of a wrong type": (frame("mark_read", {"conversationId": "x", "messageIds": "all"}), "invalid"),
    "content of a wrong type": (frame("send_message", {**SEND, "content": {"a": 1}}), "invalid"),
    "unknown kind": (frame("send_message", {**SEND, "messageType": "system"}), "invalid"),
    "too long": (frame("send_message", {**SEND, "content": "x" * (Limits.message_length + 1)}), "too_large"),
    "blank": (frame("send_message", {**SEND, "content": " \n\t"}), "invalid"),
    "ref of a wrong type": (frame("heartbeat", ref={"a": 1}), "invalid"),
    "ref true": (frame("heartbeat", ref=True), "invalid"),
    "token of a wrong type": (frame("authenticate", {"token": 1}), "invalid"),
}


@pytest.mark.parametrize("name", BAD)
async def test_it_is_answered_and_the_socket_stays_open(login: Login, name: str) -> None:
    text, code = BAD[name]
    for server in (0, 1):
        async with await login.live(server) as client:
            await client.send_raw(text)
            error = await client.expect("error")
            assert (error["code"], error.keys() <= {"code", "message", "details"}) == (code, True)
            await client.call("heartbeat")


async def test_an_error_carries_the_ref_and_the_field(login: Login) -> None:
    async with await login.live() as client:
        with pytest.raises(ApiError) as refusal:
            await client.call("join_conversation", {"conversationId": 7})
        assert refusal.value.details["field"] == "conversationId"
        with pytest.raises(ApiError) as refusal:
            await client.call("join_conversation")
        assert refusal.value.details["field"] == "conversationId"


@pytest.mark.parametrize("ref", ["r" * 30_000, 2**62, -1, 0, "", "\u2028</script>"])
async def test_odd_refs_come_back_as_they_are(login: Login, ref: str | int) -> None:
    async with await login.live() as client:
        await client.send_raw(frame("heartbeat", ref=ref))
        await client.expect("ack")
        assert [one.ref for one in client.events if one.event == "ack"] == [ref]


UNREADABLE: dict[str, str] = {
    "half an emoji": '{"event":"send_message","data":{"conversationId":"x","content":"cut \\ud83d"},"ref":7}',
    "half an emoji after the ref": '{"ref":7,"event":"\\ud83d"}',
    "deep": '{"event":"heartbeat","data":' + '{"ref":' * 7_000 + "1" + "}" * 7_000 + ',"ref": 7}',
    "deep without an end": '{"ref":7,"data":' + "[" * DEEP,
    "half": '{"event":"heartbeat","ref":7,"data":{"content":"ref',
    "event of a wrong type": '{"event":[{"ref":1}],"ref":7}',
    "no event": '{"ref":7}',
    "a ref in a string": '{"event":1,"content":"\\"ref\\":1","ref":7}',
    "two": '{"event":1,"ref":1,"ref":7}',
    "quotes": '{"event":1,"ref":7,"content":"' + '\\"' * 20_000,
}


@pytest.mark.parametrize("name", UNREADABLE)
@pytest.mark.parametrize("server", [0, 1])
async def test_the_error_of_an_unreadable_frame_carries_its_ref(login: Login, name: str, server: int) -> None:
    async with await login.live(server) as client:
        await client.send_raw(UNREADABLE[name])
        await client.expect("error")
        assert [(one.ref, one.data["code"]) for one in client.events] == [(7, "invalid")]


@pytest.mark.parametrize("ref", ['{"ref":1}', "true", "9" * 5_000, '"\\ud83d"', '"no end', "1.5"])
async def test_a_ref_that_cannot_be_read_is_left_out(login: Login, ref: str) -> None:
    async with await login.live() as client:
        await client.send_raw('{"event":"heartbeat","ref":' + ref + "}")
        await client.expect("error")
        assert [one.ref for one in client.events] == [None]


async def test_without_a_ref_there_is_no_answer(login: Login) -> None:
    async with await login.live() as client:
        await client.send("heartbeat")
        await client.call("heartbeat")
        assert client.events == []


async def close_code_after(client: LiveClient, text: str) -> int | None:
    async with client:
        await client.send_raw(text)
        return await client.closed()


@pytest.mark.parametrize("server", [0, 1])
async def test_a_frame_of_64_kib_is_read_and_a_larger_one_closes(login: Login, server: int) -> None:
    padding = 64 * 1024 - len('{"event":"heartbeat","x":""}')
    fits, too_large = (f'{{"event":"heartbeat","x":"{"x" * size}"}}' for size in (padding, padding + 1))
    async with await login.live(server) as client:
        await client.send_raw(fits)
        await client.call("heartbeat")
        assert client.events == []
    assert await close_code_after(await login.live(server), too_large) == 1009
    assert await close_code_after(await login.live(server), "[" * 100_000) == 1009
    assert await close_code_after(await login.live(server), "é" * 40_000) == 1009
