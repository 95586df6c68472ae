"""Bad commands get the same code and details on every transport, and the socket stays open."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from chatsite.config.limits import Limits
from tests.conversations.rooms import Room
from tests.harness.client import LiveClient, LiveClosed
from tests.harness.rest import ApiError, Json, RestClient
from tests.parity.transports import Refused, TransportName, Transports, send_raw

pytestmark = pytest.mark.fleet

NOBODY = str(uuid4())
SEND = "send_message"

# (event, data, code, field); ROOM, MINE and THEIRS stand for the ids of the conversation and of two messages.
REFUSED: list[tuple[str, Json, str, str | None]] = [
    (SEND, {"conversationId": "ROOM", "content": "  "}, "invalid", "content"),
    (SEND, {"conversationId": "ROOM", "content": "x" * (Limits.message_length + 1)}, "too_large", "content"),
    (SEND, {"conversationId": "ROOM", "content": "nul \x00"}, "invalid", "content"),
    (SEND, {"conversationId": "ROOM", "content": 7}, "invalid", "content"),
    (SEND, {"conversationId": "ROOM"}, "invalid", "content"),
    (SEND, {"conversationId": "ROOM", "content": "x", "messageType": "system"}, "invalid", "messageType"),
    (SEND, {"conversationId": "ROOM", "content": "x", "messageType": "video"}, "invalid", "messageType"),
    (SEND, {"conversationId": "ROOM", "content": "x", "clientId": ""}, "invalid", "clientId"),
    (SEND, {"conversationId": "ROOM", "content": "x", "clientId": "c" * 65}, "invalid", "clientId"),
    (SEND, {"conversationId": "ROOM", "content": "x", "replyTo": "none"}, "invalid", "replyTo"),
    (SEND, {"conversationId": "ROOM", "content": "x", "replyTo": NOBODY}, "invalid", "replyTo"),
    (SEND, {"conversationId": NOBODY, "content": "x"}, "not_found", None),
    (SEND, {"conversationId": "no-uuid", "content": "x"}, "not_found", None),
    ("edit_message", {"messageId": "THEIRS", "content": "mine now"}, "forbidden", None),
    ("edit_message", {"messageId": "MINE", "content": ""}, "invalid", "content"),
    ("edit_message", {"messageId": NOBODY, "content": "x"}, "not_found", None),
    ("delete_message", {"messageId": "THEIRS"}, "forbidden", None),
    ("delete_message", {"messageId": NOBODY}, "not_found", None),
    ("join_conversation", {"conversationId": NOBODY}, "not_found", None),
]

REFUSED_LIVE: list[tuple[str, Any, str, str | None]] = [
    ("mark_read", {"conversationId": "ROOM", "messageIds": ["no-uuid"]}, "invalid", "messageIds"),
    ("mark_read", {"conversationId": "ROOM", "messageIds": []}, "invalid", "messageIds"),
    ("mark_read", {"conversationId": "ROOM", "messageIds": [NOBODY] * 501}, "too_large", "messageIds"),
    ("mark_delivered", {"conversationId": NOBODY, "messageIds": [NOBODY]}, "not_found", None),
    ("typing_start", {"conversationId": NOBODY}, "not_found", None),
    ("sync", {"conversations": {str(n): 0 for n in range(201)}}, "too_large", "conversations"),
    ("sync", {"conversations": [1]}, "invalid", "conversations"),
    ("no_such_event", {}, "unknown_event", None),
    ("authenticate", {"token": "nonsense"}, "unauthenticated", None),
    (SEND, [1, 2], "invalid", None),
    (SEND, "text", "invalid", None),
    (SEND, None, "invalid", None),
]

# Data that is invalid or barely valid JSON. The answer is an `error` push with this code.
HOSTILE: dict[str, str] = {
    "very deep": "[" * 30_000 + "]" * 30_000,
    "deep in content": '{"conversationId":"ROOM","content":' + "[" * 20_000 + "]" * 20_000 + "}",
    "huge number": '{"conversationId":"ROOM","content":"x","extra":' + "9" * 5_000 + ',"clientId":1}',
    "not a number": '{"conversationId":"ROOM","content":NaN}',
    "not valid Unicode": '{"conversationId":"ROOM","content":"\\ud800"}',
    "nul": '{"conversationId":"ROOM","content":"\\u0000"}',
    "cut off": '{"conversationId":"ROOM",',
    "nothing": "",
    "two values": '{"conversationId":"ROOM"} {"content":"x"}',
}


async def filled(room: Room, data: Any) -> Any:
    if not isinstance(data, dict):
        return data
    ids = {"ROOM": room.id}
    if "THEIRS" in data.values():
        ids["THEIRS"] = (await room.say(room.olivia, "theirs"))[0]["id"]
    if "MINE" in data.values():
        ids["MINE"] = (await room.say(room.customer, "mine"))[0]["id"]
    return {key: ids.get(value, value) if isinstance(value, str) else value for key, value in data.items()}


async def works(client: LiveClient, room: Room) -> None:
    data = {"conversationId": room.id, "content": "still here"}
    assert (await client.call("send_message", data))["message"]["content"] == "still here"


async def test_a_wrong_value(room: Room, transports: Transports, transport: TransportName) -> None:
    client = await transports.open(transport, room.customer)
    for event, data, code, field in REFUSED:
        with pytest.raises(ApiError) as refused:
            await client.call(event, await filled(room, data))
        found = (refused.value.code, refused.value.details.get("field"))
        assert found == (code, field), f"{event} {str(data)[:200]}: {refused.value}"
    await works(client, room)


async def test_a_wrong_value_of_a_live_command(
    room: Room, transports: Transports, live_transport: TransportName
) -> None:
    client = await transports.open(live_transport, room.customer)
    for event, data, code, field in REFUSED_LIVE:
        with pytest.raises(ApiError) as refused:
            await raw_call(client, event, await filled(room, data))
        found = (refused.value.code, refused.value.details.get("field"))
        assert found == (code, field), f"{event} {str(data)[:200]}: {refused.value}"
    await works(client, room)


async def raw_call(client: LiveClient, event: str, data: Any) -> Json:
    """Send the data as it is. `call` replaces data that is false by an empty object."""
    if data is not None:
        return await client.call(event, data)
    await send_raw(client, event, "null")
    raise ApiError.from_shape(await client.expect("error"))


async def test_hostile_data(room: Room, transports: Transports, live_transport: TransportName) -> None:
    client = await transports.open(live_transport, room.customer)
    for name, data in HOSTILE.items():
        await send_raw(client, "send_message", data.replace("ROOM", room.id))
        error = await client.expect("error")
        assert error["code"] == "invalid", f"{name}: {error}"
    await works(client, room)
    assert len(await room.history(room.customer)) == 1


async def test_a_stranger_gets_not_found(
    room: Room, transports: Transports, transport: TransportName
) -> None:
    (message,) = await room.say(room.customer, "secret")
    stranger = await transports.open(transport, room.cast.outsider)
    for event, data in (
        ("join_conversation", {"conversationId": room.id}),
        ("send_message", {"conversationId": room.id, "content": "let me in"}),
        ("edit_message", {"messageId": message["id"], "content": "mine"}),
        ("delete_message", {"messageId": message["id"]}),
        ("mark_read", {"conversationId": room.id, "messageIds": [message["id"]]}),
    ):
        with pytest.raises(ApiError) as refused:
            await stranger.call(event, data)
        assert refused.value.code == "not_found", event


async def test_a_frame_past_the_limit_closes(
    room: Room, transports: Transports, live_transport: TransportName
) -> None:
    client = await transports.open(live_transport, room.customer)
    await send_raw(client, "send_message", '"' + "x" * 66_000 + '"')
    assert await client.closed() == 1009
    await works(await transports.open(live_transport, room.customer), room)


async def test_bad_credentials(room: Room, transports: Transports, transport: TransportName) -> None:
    where = transports.deployment.server(0)
    for token in ("nonsense", room.customer.access[:-3] + "abc"):
        if transport == "native":
            client = await LiveClient.open(where.live_url, token)
            assert await client.closed() == 4401
            with pytest.raises(LiveClosed):
                await client.call("heartbeat")
        elif transport == "socketio":
            with pytest.raises(Refused) as refused:
                await transports.open_socketio(where.url, token)
            assert refused.value.data["code"] == "unauthenticated"
        else:
            async with RestClient(where.url, token) as rest:
                with pytest.raises(ApiError) as answer:
                    await rest.get("/chat/conversations")
            assert (answer.value.code, answer.value.status) == ("unauthenticated", 401)


async def test_a_logout_ends_the_socket(
    room: Room, transports: Transports, live_transport: TransportName
) -> None:
    where = transports.deployment.server(0)
    async with RestClient(where.url) as rest:
        await rest.login("dave", "demo-pass-1")
        access = rest.access or ""
        if live_transport == "native":
            client = await LiveClient.open(where.live_url, access)
        else:
            client = await transports.open_socketio(where.url, access)
        await client.call("heartbeat")
        await rest.request("POST", "/auth/logout", {"refresh": rest.refresh})
        await client.closed(timeout=6)
        with pytest.raises(LiveClosed):
            await client.call("heartbeat")
