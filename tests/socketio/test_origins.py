"""Both transports refuse pages of foreign origins. Clients other than browsers send no origin."""

from __future__ import annotations

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from tests.harness.patience import patience
from tests.harness.rest import NO_TLS
from tests.harness.websocket import dial
from tests.socketio.conftest import FRONTEND
from tests.socketio.server import Site

pytestmark = pytest.mark.standalone

OWN = "own"
ALLOWED = [None, FRONTEND, FRONTEND.upper(), OWN]
FOREIGN = [
    "https://evil.example",
    "http://shop.example",
    "https://shop.example.evil.example",
    "https://shop.example:8443",
    "http://127.0.0.1",
    "http://localhost:1",
    "null",
    "*",
    "http://[",
    "file://",
]


def _headers(site: Site, origin: str | None) -> dict[str, str]:
    return {} if origin is None else {"Origin": site.url if origin == OWN else origin}


def _poll(site: Site, headers: dict[str, str], method: str = "GET") -> httpx.Response:
    with httpx.Client(trust_env=False, verify=NO_TLS, timeout=patience(5)) as http:
        return http.request(method, f"{site.url}/socket.io/?EIO=4&transport=polling", headers=headers)


@pytest.mark.parametrize("origin", ALLOWED)
def test_polling_is_open_to_our_pages(site: Site, origin: str | None) -> None:
    headers = _headers(site, origin)
    answer = _poll(site, headers)
    assert answer.status_code == 200
    assert answer.headers.get("access-control-allow-origin") == headers.get("Origin")
    assert "*" not in answer.headers.values()


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_polling_is_closed_to_others(site: Site, origin: str, method: str) -> None:
    answer = _poll(site, _headers(site, origin), method)
    assert answer.status_code == 400
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("origin", ALLOWED)
async def test_websocket_is_open_to_our_pages(site: Site, origin: str | None) -> None:
    sent = _headers(site, origin).get("Origin")
    async with dial(site.websocket_url, origin=Origin(sent) if sent else None) as socket:
        assert str(await socket.recv())[0] == "0"


@pytest.mark.parametrize("origin", FOREIGN)
async def test_websocket_is_closed_to_others(site: Site, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await dial(site.websocket_url, origin=Origin(origin))
    # daphne itself answers 400 to what is no origin at all
    assert refused.value.response.status_code in ({400, 403} if site.kind == "daphne" else {403})


def test_a_preflight_of_our_page_is_answered(site: Site) -> None:
    answer = _poll(site, {"Origin": FRONTEND, "Access-Control-Request-Headers": "content-type"}, "OPTIONS")
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-headers"] == "content-type"


def test_a_host_that_is_not_ours_has_no_own_pages(site: Site) -> None:
    answer = _poll(site, {"Host": "rebound.example", "Origin": "http://rebound.example"})
    assert answer.status_code == 400
