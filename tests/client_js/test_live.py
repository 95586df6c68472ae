"""The real module in Node, against real servers."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from typing import Any

import pytest

from chatsite.config.limits import Limits
from tests.client_js.conftest import StartClient
from tests.client_js.node import NodeClient
from tests.harness.backend import Deployment
from tests.harness.cast import Cast, Person, Stage
from tests.harness.rest import Json

pytestmark = pytest.mark.fleet


async def everything(person: Person, conversation_id: str) -> list[Json]:
    """Return all messages of a fresh fetch."""
    rows = await person.rest.pages(f"/chat/conversations/{conversation_id}/messages", limit=200)
    return sorted(rows, key=lambda row: row["seq"])


async def same_as_fresh(client: NodeClient, person: Person, conversation_id: str) -> bool:
    seen = await client.call("seen")
    fresh = await everything(person, conversation_id)
    conversation = await person.rest.get(f"/chat/conversations/{conversation_id}")
    return bool(seen["messages"] == fresh and seen["conversation"] == conversation)


def url_of(cast: Cast, person: Person) -> list[str]:
    return [cast.stage.deployment.server(person.home).live_url]


async def test_two_people_talk(cast: Cast, start_client: StartClient) -> None:
    customer = await cast.newcomer()
    room = (await cast.conversation(customer))["id"]
    one = await start_client(url_of(cast, customer), customer.access, storage="one")
    two = await start_client(url_of(cast, cast.olivia), cast.olivia.access, storage="two")
    await one.call("join", room)
    await two.call("join", room)

    await one.call("startTyping")
    await two.until(lambda: has_told(two, "user_typing"), "typing")
    await one.call("send", "Is the blue one still there?")
    await two.until(lambda: has_contents(two, ["Is the blue one still there?"]), "the question")
    await two.call("send", "It is.")
    await one.until(lambda: has_contents(one, ["Is the blue one still there?", "It is."]), "the answer")

    (_, answer) = await one.messages()
    await one.call("markRead", [answer["id"]])
    await two.until(lambda: has_told(two, "messages_read"), "the receipt")
    await one.call("edit", (await one.messages())[0]["id"], "Is the red one still there?")
    await two.until(lambda: has_told(two, "message_edited"), "the edit")

    for client, person in ((one, customer), (two, cast.olivia)):
        await client.until(lambda c=client, p=person: same_as_fresh(c, p, room), "state + events == fresh")  # type: ignore[misc]
    assert [data["message"]["seq"] for data in one.told_of("new_message")] == [1, 2]


async def has_told(client: NodeClient, event: str) -> bool:
    return bool(client.told_of(event))


async def has_contents(client: NodeClient, contents: list[str]) -> bool:
    return await client.contents() == contents and all(
        message["status"] != "sending" for message in await client.messages()
    )


async def test_refused_for_good(cast: Cast, start_client: StartClient) -> None:
    """Use real refusals of the server: a text that is a little too long, and one that is too large for the socket."""
    customer = await cast.newcomer()
    room = (await cast.conversation(customer))["id"]
    client = await start_client(url_of(cast, customer), customer.access, storage="one")
    await client.call("join", room)
    await client.call("send", "x" * (Limits.message_length + 1))
    await client.call("send", "y" * 100_000)
    await client.call("send", "short")
    await client.until(lambda: has_failed(client, 2), "two failures")
    await client.until(lambda: stored(customer, room, ["short"]), "the next message")
    assert {data["error"]["code"] for data in client.told_of("message_failed")} == {"too_large"}
    assert client.told_of("state") in (["connecting", "ready"], ["ready"], [])


async def has_failed(client: NodeClient, number: int) -> bool:
    return len(client.told_of("message_failed")) == number


async def stored(person: Person, room: str, contents: list[str]) -> bool:
    return [row["content"] for row in await everything(person, room)] == contents


async def test_signed_out(cast: Cast, start_client: StartClient) -> None:
    client = await start_client(url_of(cast, cast.carol), "not-a-token", storage="one")
    await client.until(lambda: has_told(client, "signed_out"), "signed out")
    assert (await client.call("state"))["state"] == "signed_out"


async def test_reload_with_a_full_outbox(cast: Cast, start_client: StartClient) -> None:
    """If a page closes, the next one with its storage sends the remaining messages, in order."""
    customer = await cast.newcomer()
    room = (await cast.conversation(customer))["id"]
    page = await start_client(["ws://127.0.0.1:9/chat"], customer.access, storage="page", restAfter=600_000)
    asyncio.ensure_future(page.call("join", room, timeout=600)).add_done_callback(
        lambda done: done.exception()
    )
    await asyncio.sleep(0.2)
    for number in range(20):
        await page.call("send", f"m {number}")
    await page.kill()
    again = await start_client(url_of(cast, customer), customer.access, storage="page")
    await again.call("join", room)
    wanted = [f"m {number}" for number in range(20)]
    # The killed page could not release its claim, so its successor waits until the claim expires.
    await again.until(lambda: stored(customer, room, wanted), "all of them, in order", timeout=30)
    await again.until(lambda: same_as_fresh(again, customer, room), "state + events == fresh")
    assert (await again.call("state"))["pending"] == 0


async def test_kill9_under_load(fragile: Deployment, start_client: StartClient) -> None:
    """Both sides write without a pause while a server process is killed.

    Nothing is lost or repeated, and the order is one.
    """
    async with Cast(Stage.set_up(fragile)) as cast:
        customer = await cast.newcomer()
        room = (await cast.conversation(customer))["id"]
        urls = [server.live_url for server in fragile.servers]
        token = secrets.token_hex(2)
        one = await start_client(urls, customer.access, storage="one")
        two = await start_client(urls, cast.olivia.access, storage="two")
        for client in (one, two):
            await client.call("join", room)
            await client.until(lambda c=client: is_idle(c), "a socket")  # type: ignore[misc]
        for client, prefix in ((one, f"one-{token}"), (two, f"two-{token}")):
            await client.call("startSending", prefix, 60)
        await asyncio.sleep(1.5)
        for _ in range(2):
            await asyncio.to_thread(fragile.servers[0].kill9)
            await asyncio.sleep(1)
            await asyncio.to_thread(fragile.servers[0].start)
            await asyncio.sleep(1.5)
        counts = [await client.call("stopSending") for client in (one, two)]
        for client in (one, two):
            await client.until(lambda c=client: is_idle(c), "everything sent", timeout=60)  # type: ignore[misc]
        rows = await everything(customer, room)
        check_history(rows, f"one-{token}", counts[0])
        check_history(rows, f"two-{token}", counts[1])
        for client, reader in ((one, customer), (two, cast.olivia)):
            await client.until(
                lambda c=client, r=reader: same_as_fresh(c, r, room),  # type: ignore[misc]
                "state + events == fresh",
                timeout=60,
            )
            told = [data["message"]["seq"] for data in client.told_of("new_message")]
            assert told == list(range(1, len(rows) + 1))
            assert client.told_of("state").count("ready") >= 2


async def is_idle(client: NodeClient) -> bool:
    state: dict[str, Any] = await client.call("state")
    return bool(state["state"] == "ready" and state["pending"] == 0)


def check_history(rows: list[Json], prefix: str, count: int) -> None:
    mine = [row["content"] for row in rows if row["content"].startswith(prefix)]
    doubles = [content for content, times in Counter(mine).items() if times > 1]
    assert not doubles, f"stored twice: {doubles}"
    assert mine == [f"{prefix} {number}" for number in range(count)]
