"""Which origins may connect: every entry, both servers, and every origin that resembles one of ours."""

from __future__ import annotations

from typing import Literal

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.attack.conftest import FRONTEND, SERVERS
from tests.attack.sockets import Wire
from tests.harness.cast import Cast
from tests.harness.patience import patience
from tests.harness.servers import Server

pytestmark = pytest.mark.fleet

Way = Literal["native", "socketio", "polling"]
WAYS: tuple[Way, ...] = ("native", "socketio", "polling")

FOREIGN = [
    "https://evil.example",  # foreign
    "null",  # a sandboxed frame, a file
    "*",
    "http://127.0.0.1.evil.example:{port}",  # ours as a prefix
    "http://evil127.0.0.1:{port}",  # as a suffix
    "http://127.0.0.1:1",  # another port
    "http://127.0.0.1",
    "http://127.0.0.1:99999",
    "http://127.0.0.1:{port}@evil.example",
    "http://127.0.0.1:{port}.evil.example",
    "http://[::1",
    "file://127.0.0.1:{port}",  # another scheme
    "ws://127.0.0.1:{port}",
    "file://",
    "http://shop.example",  # almost the front end's
    "https://shop.example.evil.example",
    "https://evilshop.example",
    "https://evil.shop.example",
    "https://shop.example:8443",
    "https://shop.example https://evil.example",
    "https://shop.examplé",
]
OURS = [None, "http://127.0.0.1:{port}", "HTTP://127.0.0.1:{port}", FRONTEND, FRONTEND.upper()]


async def status(way: Way, server: Server, origin: str | None, token: str) -> int:
    """Return the status of the handshake, or 200 if the socket opened and works."""
    given = {} if origin is None else {"Origin": origin.format(port=server.port)}
    headers = {name: value.encode().decode("latin-1") for name, value in given.items()}
    if way == "polling":
        async with httpx.AsyncClient(trust_env=False, timeout=patience(5)) as http:
            url = f"{server.url}/socket.io/?EIO=4&transport=polling"
            raw = {name.encode(): value.encode() for name, value in given.items()}
            return (await http.get(url, headers=raw)).status_code
    try:
        async with await Wire.open(way, server, token, additional_headers=headers) as wire:
            await wire.lives()
    except InvalidStatus as refusal:
        return refusal.response.status_code
    return 200


@pytest.mark.parametrize("way", WAYS)
async def test_foreign_pages_stay_outside(people: Cast, way: Way) -> None:
    for number in SERVERS:
        server = people.stage.deployment.server(number)
        for origin in FOREIGN:
            found = await status(way, server, origin, people.carol.access)
            # 400: of long polling always, and daphne itself answers so to what is no origin at all
            assert found in {400, 403}, f"{origin} on {server.kind}: {found}"


@pytest.mark.parametrize("way", WAYS)
async def test_our_pages_and_clients_that_are_none_come_in(people: Cast, way: Way) -> None:
    for number in SERVERS:
        server = people.stage.deployment.server(number)
        for origin in OURS:
            assert await status(way, server, origin, people.carol.access) == 200, f"{origin} on {server.kind}"


async def test_rest_answers_foreign_pages_without_cors_headers(people: Cast) -> None:
    for number in SERVERS:
        server = people.stage.deployment.server(number)
        async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=patience(5)) as http:
            for origin in FOREIGN:
                headers = {b"Origin": origin.format(port=server.port).encode()}
                answer = await http.options(
                    "/chat/conversations",
                    headers={**headers, b"Access-Control-Request-Method": b"POST"},
                )
                assert "access-control-allow-origin" not in answer.headers, origin
            answer = await http.get("/chat/conversations", headers={"Origin": FRONTEND})
            assert answer.headers["access-control-allow-origin"] == FRONTEND


async def test_a_rebound_host_has_no_own_pages(people: Cast) -> None:
    """An attacker's host name that resolves to our address makes the attacker's pages "same origin"."""
    for number in SERVERS:
        server = people.stage.deployment.server(number)
        async with httpx.AsyncClient(trust_env=False, timeout=patience(5)) as http:
            headers = {"Host": "rebound.example", "Origin": "http://rebound.example"}
            for path in ("/socket.io/?EIO=4&transport=polling", "/chat/conversations", "/"):
                assert (await http.get(server.url + path, headers=headers)).status_code == 400, path
