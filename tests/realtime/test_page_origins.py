"""Which web pages may open a socket."""

from __future__ import annotations

import pytest
from websockets.exceptions import InvalidStatus

from tests.harness.client import LiveClient
from tests.realtime.logins import Login


def open_from(login: Login, origin: str | None, server: int) -> object:
    headers = {"Authorization": f"Bearer {login.access}"}
    if origin is not None:
        headers["Origin"] = origin
    return LiveClient.open(login.deployment.server(server).live_url, door="none", headers=headers)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        "http://127.0.0.1.evil.example:{port}",
        "http://evil127.0.0.1:{port}",
        "http://127.0.0.1:1",
        "http://127.0.0.1",
        "http://127.0.0.1:{port}@evil.example",
        "http://[::1",
        "http://127.0.0.1:99999",
        "file://127.0.0.1:{port}",
        "ws://127.0.0.1:{port}",
    ],
)
async def test_foreign_pages(login: Login, origin: str) -> None:
    for server in (0, 1):
        port = login.deployment.server(server).port
        with pytest.raises(InvalidStatus) as refusal:
            await open_from(login, origin.format(port=port), server)  # type: ignore[misc]
        assert refusal.value.response.status_code in {
            400,
            403,
        }  # 400: daphne itself, of one that is no origin at all


@pytest.mark.parametrize("origin", [None, "http://127.0.0.1:{port}", "HTTP://127.0.0.1:{port}"])
async def test_our_own_page_and_clients_that_are_none(login: Login, origin: str | None) -> None:
    for server in (0, 1):
        port = login.deployment.server(server).port
        client = await open_from(login, origin and origin.format(port=port), server)  # type: ignore[misc]
        async with client:
            await client.call("heartbeat")
