"""Both servers log one JSON line for each request and socket, with ids, and without secrets or content."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.conversations.rooms import Room
from tests.harness.backend import Deployment
from tests.harness.client import LiveClient
from tests.operate.reading import Line, fetch, log_line, log_lines

pytestmark = pytest.mark.fleet

SECRET = "a-ticket-that-nobody-may-read"


def about(request_id: str, text: str = "") -> Callable[[Line], bool]:
    return lambda line: line.get("request_id") == request_id and text in line["message"]


@pytest.fixture(params=[0, 1], ids=["first", "second"])
def url(request: pytest.FixtureRequest, observed: Deployment) -> str:
    """Return the URL of a server. The services' two processes are daphne and uvicorn."""
    return observed.server(request.param).url


@pytest.mark.parametrize(
    ("offered", "kept"), [("from-the-proxy-", True), ("no spaces, please", False), ("short", False)]
)
async def test_a_request_is_answered_with_its_id(
    observed: Deployment, room: Room, url: str, offered: str, kept: bool
) -> None:
    offered += room.id if kept else ""
    access = f"Bearer {room.customer.access}"
    answer = await fetch(
        f"{url}{room.path}?x={SECRET}",
        Authorization=access,
        X_Forwarded_For="203.0.113.9",
        X_Request_ID=offered,
    )
    given = answer.headers["X-Request-ID"]
    assert given == offered if kept else re.fullmatch(r"[0-9a-f]{32}", given)
    line = await log_line(observed, about(given))
    expected = {
        "level": "info",
        "logger": "chatsite.access",
        "message": f"GET {room.path} 200",
        "method": "GET",
        "path": room.path,
        "route": "chat/conversations/{pk}",
        "status": 200,
        "user_id": room.customer.id,
        "client": "203.0.113.9",
        "bytes": len(answer.content),
        "request_id": given,
    }
    assert line == {**expected, "ms": line["ms"], "time": line["time"]}
    assert 0 < line["ms"] < 60_000
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])


async def test_refusals_and_polls_are_logged_too(observed: Deployment, url: str) -> None:
    refused = await fetch(f"{url}/chat/conversations")
    polled = await fetch(f"{url}/socket.io/?EIO=4&transport=polling")
    for answer, status in [(refused, 401), (polled, 200)]:
        line = await log_line(observed, about(answer.headers["X-Request-ID"]))
        assert line["status"] == status
        assert "user_id" not in line


async def test_a_socket_is_logged_once_with_its_user(observed: Deployment, room: Room) -> None:
    for server in range(len(observed.servers)):
        headers = {"X-Request-ID": f"socket-{room.id}-{server}"}
        access, live_url = room.customer.access, observed.server(server).live_url
        client = await LiveClient.open(live_url, access, headers=headers)
        await client.call("heartbeat")
        await client.close()
        line = await log_line(observed, about(headers["X-Request-ID"], "ended"))
        assert line["path"] == "/chat"
        assert line["user_id"] == room.customer.id
        assert re.fullmatch(r"[0-9a-f]{32}", line["connection_id"])
    assert not [line for line in log_lines(observed) if "[accepted]" in line["message"]]  # as uvicorn would


async def test_why_the_server_closed_a_session(observed: Deployment, room: Room) -> None:
    url = f"{observed.server(0).live_url}?ticket={SECRET}"
    refused = await LiveClient.open(url, auth="none", headers={"X-Request-ID": f"refused-{room.id}"})
    assert await refused.closed() == 4401
    line = await log_line(observed, about(f"refused-{room.id}", "closing"))
    assert line["message"] == "closing a session: The ticket is not valid."
    assert line["code"] == 4401


async def test_nothing_secret_is_logged(observed: Deployment, room: Room, url: str) -> None:
    content = f"our secret is {room.id}-{SECRET}"
    # Nothing marks the second one as a secret, so the server's lines about sockets must not have the query at all.
    live = url.replace("http", "ws", 1) + f"/chat?ticket={SECRET}&from={SECRET}"
    refused = await LiveClient.open(live, auth="none")
    assert await refused.closed() == 4401
    await fetch(f"{url}/chat?ticket={SECRET}")
    await fetch(f"{url}/auth/me?access={SECRET}", Authorization=f"Bearer {SECRET}")
    async with await room.customer.live(auth="ticket") as client:
        await client.join(room.id)
        await client.call("send_message", {"conversationId": room.id, "content": content})
        await client.send("send_message", {"conversationId": content, "content": content})
        await client.expect("error")
    await room.say(room.olivia, content)
    for server in observed.servers:
        text = server.log.read_text()
        assert SECRET not in text
        assert room.customer.access not in text
        assert "HTTP/1.1" not in text  # no server prints outside the log
        assert not re.search(r"ticket=(?!\[redacted\])", text)
