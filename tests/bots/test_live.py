"""Bots with open sockets: a plain one, the Python client and the JavaScript client."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from pathlib import Path

import pytest

from tests.bots.conftest import Bot
from tests.client_js.conftest import StartClient
from tests.harness.cast import Cast, Person
from tests.harness.client import LiveClient, LiveClosed
from tests.harness.patience import patience
from tests.harness.processes import ROOT
from tests.harness.rest import ApiError


async def open_socket(cast: Cast, key: str) -> LiveClient:
    client = await LiveClient.open(cast.stage.deployment.server(1).live_url, key)
    return await client.ready()


async def test_a_bot_hears_customers_and_not_itself(cast: Cast, bot: Bot) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    client = await open_socket(cast, (await bot.make_key())["key"])
    await client.call("join_conversation", {"conversationId": where})
    listener = await customer.live()
    await listener.call("join_conversation", {"conversationId": where})

    sent = await client.call("send_message", {"conversationId": where, "content": "beep"})
    heard = await listener.expect("new_message")
    assert heard["message"]["senderKind"] == sent["message"]["senderKind"] == "bot"
    await client.call("edit_message", {"messageId": sent["message"]["id"], "content": "boop"})
    await customer.send(where, "hello bot")
    arrived = await client.expect("new_message")
    assert arrived["message"]["content"] == "hello bot"
    own = [frame for frame in client.events if frame.data.get("message", {}).get("senderId") == bot.id]
    assert own == []

    await listener.call("mark_read", {"conversationId": where, "messageIds": [sent["message"]["id"]]})
    assert (await client.expect("messages_read"))["messageIds"] == [sent["message"]["id"]]
    await listener.call("add_reaction", {"messageId": sent["message"]["id"], "emoji": "👍"})
    assert (await client.expect("reactions_updated"))["messageId"] == sent["message"]["id"]


async def test_a_revoked_key_closes_its_sockets_within_5_seconds(cast: Cast, bot: Bot) -> None:
    revoked, other = await bot.make_key(), await bot.make_key()
    client, spared = await open_socket(cast, revoked["key"]), await open_socket(cast, other["key"])
    began = time.monotonic()
    await bot.owner.rest.delete(f"/bots/{bot.id}/keys/{revoked['id']}")
    with pytest.raises(LiveClosed) as closed:
        await client.expect("never", timeout=5)
    assert time.monotonic() - began < patience(5)
    assert closed.value.code == 4401
    await spared.call("heartbeat")


async def test_scopes_hold_on_sockets(cast: Cast, bot: Bot) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    reader = await open_socket(cast, (await bot.make_key("messages:read"))["key"])
    await reader.call("join_conversation", {"conversationId": where})
    for command, data in (
        ("send_message", {"conversationId": where, "content": "beep"}),
        ("typing_start", {"conversationId": where}),
        ("look", {"conversationId": where}),
        ("hand_over", {"conversationId": where}),
    ):
        with pytest.raises(ApiError, match="forbidden"):
            await reader.call(command, data)
    writer = (await bot.make_key("messages:write"))["key"]
    client = await LiveClient.open(cast.stage.deployment.server(1).live_url, auth="none")
    with pytest.raises(ApiError, match="forbidden"):
        await client.call("authenticate", {"token": writer})


async def test_a_key_that_reads_messages_gets_no_notes_and_no_presence(cast: Cast, bot: Bot) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    reader = await open_socket(cast, (await bot.make_key("messages:read"))["key"])
    contacts = await open_socket(cast, (await bot.make_key("messages:read", "contacts:read"))["key"])
    await reader.join(where)
    owner = await bot.owner.live()
    await owner.call("look", {"conversationId": where})
    await bot.owner.rest.post(f"/chat/conversations/{where}/notes", {"content": "a secret"})
    await customer.live()
    await contacts.expect("user_online", lambda data: data["userId"] == customer.id)
    await customer.send(where, "hello")
    await bot.owner.rest.patch(f"/chat/conversations/{where}/team", {"priority": "high"})

    assert (await reader.expect("new_message"))["message"]["content"] == "hello"
    await reader.expect("conversation_updated", lambda data: data["conversationId"] == where)
    state = await reader.expect("team_state_updated", lambda data: data["conversationId"] == where)
    for client in (reader, contacts):
        await client.call("heartbeat")
        assert not {"note_added", "colleague_looking"} & {frame.event for frame in client.events}
    assert not {"user_online", "user_offline"} & {frame.event for frame in reader.events}
    answer = await reader.call("sync", {"conversations": {}, "team": {where: 0}})
    synced = answer["team"][where]  # so the gap in `teamRev` closes
    assert (synced["state"]["teamRev"], synced["notes"]) == (state["teamRev"], [])


async def _sees_it_hand_over(bot: Bot, customer: Person, where: str) -> None:
    team = await bot.owner.live()
    await customer.send(where, "something else")
    state = await team.expect("team_state_updated", lambda d: d["conversationId"] == where)
    assert (state["status"], state["assigneeId"]) == ("pending", None)
    assert state["handedOverAt"] is not None


async def test_the_bot_of_the_documentation_answers(cast: Cast, bot: Bot, tmp_path: Path) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    [program] = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "bots.md").read_text(), re.DOTALL)
    assert len(program.splitlines()) <= 31
    await bot.owner.rest.patch(f"/chat/conversations/{where}/team", {"assigneeId": bot.id})
    script = tmp_path / "bot.py"
    script.write_text(program)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "clients" / "python" / "src"),
        "CHAT_URL": cast.stage.deployment.server(0).url,
        "CHAT_KEY": (await bot.make_key())["key"],
        "CONVERSATION": where,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(script), env=environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), patience(20))
        assert line == b"answering\n"
        listener = await customer.live()
        await listener.call("join_conversation", {"conversationId": where})
        asked = await customer.send(where, "When are you OPEN?")
        answer = (await listener.expect("new_message", lambda d: d["message"]["senderId"] == bot.id))[
            "message"
        ]
        assert answer["content"] == "We are open on weekdays from 9 to 17."
        assert answer["replyTo"] == asked["id"]
        await customer.send(where, "hello")
        second = await listener.expect("new_message", lambda d: d["message"]["senderId"] == bot.id)
        assert second["message"]["content"].startswith("Hello!")
        await _sees_it_hand_over(bot, customer, where)
    finally:
        process.kill()
        await process.wait()


async def test_a_bot_on_the_javascript_client(cast: Cast, bot: Bot, start_client: StartClient) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    url = [cast.stage.deployment.server(1).live_url]
    client = await start_client(url, (await bot.make_key())["key"], storage="bot")
    await client.call("join", where)
    await client.call("send", "beep")
    await customer.send(where, "hello bot")

    async def has_both() -> bool:
        stored = [message["content"] for message in await client.messages() if "senderKind" in message]
        return sorted(stored) == ["beep", "hello bot"]

    await client.until(has_both, "both messages")
    kinds = {message["content"]: message["senderKind"] for message in await client.messages()}
    assert kinds == {"beep": "bot", "hello bot": "person"}
