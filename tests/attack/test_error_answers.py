"""Refusals that come from outside the views have the error shape, and pages of other origins can read them."""

from __future__ import annotations

import httpx
import pytest

from chatsite.config.limits import Limits
from tests.attack.conftest import FRONTEND, SERVERS
from tests.conversations.rooms import Room
from tests.harness.patience import patience
from tests.harness.rest import Json

pytestmark = pytest.mark.fleet

TOO_LARGE = b"x" * (Limits.request_bytes + 1)
REFUSED: dict[str, Json] = {
    "too_large": {"method": "POST", "url": "/auth/token", "content": TOO_LARGE},
    "not_found": {"method": "GET", "url": "/no/such/address"},
    "method_not_allowed": {"method": "OPTIONS", "url": "/widget/v1.js"},
    "unauthenticated": {"method": "GET", "url": "/auth/me"},
}
WRONG_HOST: Json = {"method": "GET", "url": "/auth/me", "headers": {"Host": "evil.example"}}
ASKED = [*REFUSED.items(), ("invalid", WRONG_HOST)]


@pytest.mark.parametrize(("code", "asked"), ASKED, ids=lambda one: one if isinstance(one, str) else "")
@pytest.mark.parametrize("number", SERVERS)
async def test_a_page_of_the_front_end_can_read_it(room: Room, number: int, code: str, asked: Json) -> None:
    server = room.cast.stage.deployment.server(number)
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=patience(30)) as http:
        headers = {"Origin": FRONTEND, **asked.get("headers", {})}
        answer = await http.request(**{**asked, "headers": headers})
    assert answer.json()["error"]["code"] == code
    assert answer.json()["error"]["message"]
    assert answer.headers["access-control-allow-origin"] == FRONTEND
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, no-store"
    if code == "method_not_allowed":
        assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("asked", [REFUSED["too_large"], REFUSED["not_found"], WRONG_HOST])
async def test_a_person_gets_a_page(room: Room, asked: Json) -> None:
    server = room.cast.stage.deployment.server(0)
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=patience(30)) as http:
        headers = {"Accept": "text/html", **asked.get("headers", {})}
        answer = await http.request(**{**asked, "headers": headers})
    assert 400 <= answer.status_code < 500
    assert "<title>" in answer.text
