"""What one may not see is not there: every address and every command, for somebody who has nothing to do with it.

Both lists come from the product's own tables, so that a new address or command cannot be forgotten here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from chatsite.realtime.registry import commands
from tests.conversations.rooms import Room
from tests.harness.rest import ApiError, Json

NO_IDS = {"heartbeat", "sync"}  # `sync` leaves foreign ids out, and is tested for it in test_sync.py
VALUES: Json = {"content": "let me in"}  # what a command or body needs beside its ids


def addresses(patterns: Any = None, before: str = "") -> Iterator[tuple[str, str]]:
    """Method and pattern of every REST address with an id in it."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if pattern.app_name not in {"admin", "rest_framework"}:
                yield from addresses(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and pattern.pattern.regex.groups:
            actions = getattr(pattern.callback, "actions", None)
            assert actions, f"{path}: which methods does it answer to?"
            yield from ((method.upper(), path) for method in actions)


ADDRESSES = sorted(set(addresses()))
LIVE = sorted(set(commands) - NO_IDS)


async def foreign_ids(room: Room) -> Json:
    """By the name under which an id goes, ids that are there and belong to others."""
    (message,) = await room.say(room.customer, "private")
    return {
        "conversations": room.id,
        "messages": message["id"],
        "conversationId": room.id,
        "messageId": message["id"],
    }


def filled_in(path: str, ids: Json) -> str:
    """`chat/^messages/(?P<pk>[^/.]+)/?$` with an id of that kind."""
    kind = path.split("(", maxsplit=1)[0].rstrip("/").rsplit("/", 1)[-1].lstrip("^")
    value = ids.get(kind) or str(uuid4())  # kinds of other apps: one that nobody has
    head, _, rest = path.partition("(")
    return "/" + head.replace("^", "") + value + rest.split(")", 1)[1].removesuffix("/?$")


def test_the_tables_are_not_empty() -> None:
    assert len(ADDRESSES) >= 9
    assert {"send_message", "join_conversation", "edit_message"} <= set(LIVE)


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
async def test_addresses(room: Room, method: str, path: str) -> None:
    where = filled_in(path, await foreign_ids(room))
    body = {**VALUES, "archived": True}
    missing = await room.cast.outsider.rest.http.request(method, filled_in(path, {}), json=body)
    assert missing.json()["error"]["code"] == "not_found"
    for stranger in (room.cast.outsider, room.cast.carol):
        there = await stranger.rest.http.request(method, where, json=body)
        assert (there.status_code, there.json()) == (404, missing.json()), where


@pytest.mark.parametrize("name", LIVE)
async def test_live_commands(room: Room, name: str) -> None:
    ids = await foreign_ids(room)
    data = given(name, ids)
    for stranger in (room.cast.outsider, room.cast.carol):
        client = await stranger.live()
        if name == "leave_conversation":  # leaving what one never joined tells nothing, and does nothing
            await client.call(name, data)
            continue
        with pytest.raises(ApiError) as there:
            await client.call(name, data)
        with pytest.raises(ApiError) as missing:
            await client.call(name, given(name, dict.fromkeys(ids, str(uuid4()))))
        assert there.value.code == "not_found"
        assert str(there.value) == str(missing.value)


def given(name: str, ids: Json) -> Json:
    """Data for a command, from the names of its fields."""
    fields = msgspec.structs.fields(commands[name].data)
    data: Json = {}
    for field in fields:
        if field.encode_name == "messageIds":
            data["messageIds"] = [ids["messageId"]]
        elif field.encode_name in ids or field.encode_name in VALUES:
            data[field.encode_name] = ids.get(field.encode_name, VALUES.get(field.encode_name))
        else:
            assert not field.required, f"{name}: what is a good {field.encode_name}?"
    assert data, f"{name} takes no id that this test knows of"
    return data


async def test_nothing_of_it_reaches_the_people_inside(room: Room) -> None:
    customer = await room.watch(room.customer)
    stranger = await room.cast.outsider.live()
    (message,) = await room.say(room.customer, "private")
    for name in LIVE:
        await stranger.send(name, given(name, {"conversationId": room.id, "messageId": message["id"]}))
    await stranger.call("heartbeat")
    await customer.client.expect("new_message")
    await customer.client.nothing("user_typing")
    fresh = await customer.converges()
    assert [row["status"] for row in fresh.ordered()] == ["sent"]
    assert {frame.event for frame in stranger.events} <= {"error"}


async def test_without_a_login_there_is_nothing_at_all(room: Room) -> None:
    room.customer.rest.http.headers.pop("Authorization")
    for path in ("/chat/conversations", room.path, f"{room.path}/messages", "/chat/unread-count", "/auth/me"):
        with pytest.raises(ApiError) as refusal:
            await room.customer.rest.get(path)
        assert (refusal.value.status, refusal.value.code) == (401, "unauthenticated")


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
