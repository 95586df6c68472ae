"""Tests with socket.io-client itself, in Node. The scenarios are in `node/scenarios.js`."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.harness.patience import patience
from tests.harness.plain_asgi import seen_code
from tests.socketio.conftest import NODE
from tests.socketio.server import Site

pytestmark = pytest.mark.standalone

Play = Callable[..., Awaitable[Any]]

WEBSOCKET = {"transports": ["websocket"]}
POLLING = {"transports": ["polling"]}
CLIENTS = ["socket.io-client", "socket.io-client-4.0", "socket.io-client-3.1"]
BOTH = pytest.mark.parametrize("options", [WEBSOCKET, POLLING], ids=["websocket", "polling"])


@pytest.fixture
def play(site: Site, node_modules: Path) -> Play:
    """Run a scenario against the site, and return its result."""

    async def run(scenario: str, client: str = CLIENTS[0], **arguments: Any) -> Any:
        node = await asyncio.create_subprocess_exec(
            *("node", str(NODE / "scenarios.js"), scenario, site.url, json.dumps(arguments)),
            env={**os.environ, "NODE_PATH": str(node_modules), "SOCKETIO_CLIENT": client},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await asyncio.wait_for(node.communicate(), patience(40))
        assert node.returncode == 0, errors.decode()
        return json.loads(output)

    return run


@pytest.mark.parametrize(
    ("options", "first", "last"),
    [(WEBSOCKET, "websocket", "websocket"), (POLLING, "polling", "polling"), ({}, "polling", "websocket")],
    ids=["websocket", "polling", "upgrade"],
)
async def test_transports(play: Play, options: dict[str, Any], first: str, last: str) -> None:
    result = await play("transports", **options)
    assert (result["first"], result["last"]) == (first, last)
    assert (result["answer"], result["again"]) == ({"text": "grüß 👋"}, {"text": "again"})


@BOTH
@pytest.mark.parametrize("auth", [{"token": "stale"}, {}])
async def test_connect_error(play: Play, options: dict[str, Any], auth: dict[str, Any]) -> None:
    result = await play("refused", auth=auth, **options)
    assert result["data"]["code"] == "unauthenticated"
    assert result["message"] == result["data"]["message"]
    assert not result["active"]  # it does not retry by itself


@BOTH
async def test_errors_with_and_without_callback(play: Play, options: dict[str, Any]) -> None:
    result = await play("errors", **options)
    error = {"code": "not_found", "message": "No such conversation."}
    assert result == {"answer": {"error": error}, "withCallback": 0, "events": [error]}


@pytest.mark.parametrize("options", [WEBSOCKET, POLLING, {}], ids=["websocket", "polling", "upgrade"])
async def test_order_of_frames_that_a_page_sends_at_once(play: Play, options: dict[str, Any]) -> None:
    answers = (await play("order", **options))["answers"]
    assert answers == [{"text": str(number), "number": number + 1} for number in range(200)]


@pytest.mark.parametrize("options", [WEBSOCKET, POLLING, {}], ids=["websocket", "polling", "upgrade"])
@pytest.mark.parametrize("client", CLIENTS)
async def test_nothing_of_a_burst_is_lost(play: Play, client: str, options: dict[str, Any]) -> None:
    """Clients before 4.5 put all 150 packets, more than two frames' worth, into one request."""
    result = await play("burst", client, count=150, size=1000, **options)
    assert result == {"answers": list(range(1, 151)), "disconnects": []}


@BOTH
@pytest.mark.parametrize("code", [1008, 1009, 1013, 4008, 4403])
async def test_a_closed_transport_reconnects_by_itself(
    play: Play, site: Site, code: int, options: dict[str, Any]
) -> None:
    result = await play("close", code=code, **options)
    assert result["reason"] in {"transport close", "transport error"}
    assert result["active"]
    assert result["returned"]
    if options is WEBSOCKET:
        assert result["code"] == seen_code(site.kind, code)


@BOTH
async def test_lost_credentials_do_not_reconnect_by_themselves(play: Play, options: dict[str, Any]) -> None:
    result = await play("close", code=4401, **options)
    assert result["reason"] == "io server disconnect"
    assert result["errors"] == [{"code": "unauthenticated", "message": "because"}]
    assert not result["active"]
    assert not result["returned"]


async def test_the_application_connects_again_with_a_fresh_token(play: Play) -> None:
    assert await play("relogin") == {"userId": "bob"}


async def test_other_namespaces_are_refused(play: Play) -> None:
    assert await play("unknown_namespace") == {"refused": True}


async def test_the_browser_console_test(play: Play) -> None:
    result = await play("console", conversationId="c1")
    message = {"id": "m1", "content": "Hello from console!", "senderId": "ann"}
    assert [line[0].strip() for line in result["lines"]] == ["✅ Connected to WebSocket", "New message:"]
    assert result["lines"][1][1] == {"message": message, "conversationId": "c1"}
