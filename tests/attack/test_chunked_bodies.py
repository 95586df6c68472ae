"""Every address that takes a body reads a chunked one, without `Content-Length`, like any other."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable

import httpx
import pytest

from tests.attack.conftest import SERVERS
from tests.attack.routes import Address, written_addresses
from tests.conversations.rooms import Room
from tests.harness.cast import PASSWORD
from tests.harness.patience import patience
from tests.harness.rest import Json, when_allowed

pytestmark = pytest.mark.fleet

# Incomplete JSON, which cannot be mistaken for a missing body.
BROKEN = b'{"content": "left o'


async def in_chunks(body: bytes) -> AsyncIterator[bytes]:
    half = len(body) // 2
    yield body[:half]
    yield body[half:]


def client(room: Room, number: int) -> httpx.AsyncClient:
    server = room.cast.stage.deployment.server(number)
    headers = {"Authorization": f"Bearer {room.customer.access}", "Accept": "application/json"}
    return httpx.AsyncClient(base_url=server.url, headers=headers, trust_env=False, timeout=patience(30))


@pytest.mark.parametrize("number", SERVERS)
async def test_every_writing_address_sees_the_same_body(room: Room, number: int) -> None:
    """An address that reads its body refuses a broken one. The answer is the same with and without chunks."""
    ids = {"conversations": room.id}
    readers = 0
    async with client(room, number) as http:
        for address in written_addresses():
            declared, chunked = [await ask(http, address, ids, way) for way in ("declared", "chunked")]
            assert declared == chunked, address
            readers += declared == (400, "invalid")
    assert readers >= 10


async def ask(http: httpx.AsyncClient, address: Address, ids: Json, way: str) -> tuple[int, str]:
    headers, path = {"Content-Type": "application/json"}, address.path(ids)

    def send() -> Awaitable[httpx.Response]:
        content = BROKEN if way == "declared" else in_chunks(BROKEN)
        return http.request(address.method, path, content=content, headers=headers)

    answer = await when_allowed(send)
    is_json = answer.headers.get("Content-Type", "").startswith(
        "application/json"
    )  # links in mails answer pages
    return answer.status_code, answer.json()["error"]["code"] if answer.is_error and is_json else ""


@pytest.mark.parametrize("number", SERVERS)
async def test_a_login_and_a_message(room: Room, number: int) -> None:
    customer = room.customer
    async with client(room, number) as http:
        sign_in = {"username": customer.name, "password": PASSWORD}
        for kind, body in {
            "application/json": json.dumps(sign_in).encode(),
            "application/x-www-form-urlencoded": str(httpx.QueryParams(sign_in)).encode(),
        }.items():
            tokens = await http.post("/auth/token", content=in_chunks(body), headers={"Content-Type": kind})
            assert tokens.status_code == 200, tokens.text
        headers = {"Content-Type": "application/json"}
        body = json.dumps({"content": "in chunks"}).encode()
        sent = await http.post(f"{room.path}/messages", content=in_chunks(body), headers=headers)
    assert (sent.status_code, sent.json()["content"]) == (201, "in chunks")


@pytest.mark.parametrize("number", SERVERS)
async def test_a_form_with_files_and_a_page_of_the_site(room: Room, number: int) -> None:
    async with client(room, number) as http:
        multipart = http.build_request(
            "POST",
            "/auth/token",
            files={"username": (None, room.customer.name), "password": (None, PASSWORD)},
        )
        body = multipart.read()
        tokens = await http.post(
            "/auth/token",
            content=in_chunks(body),
            headers={"Content-Type": multipart.headers["content-type"]},
        )
        assert tokens.status_code == 200, tokens.text

        await http.get("/api-auth/login/")
        fields = {
            "username": room.customer.name,
            "password": PASSWORD,
            "csrfmiddlewaretoken": http.cookies["csrftoken"],
            "next": "/auth/me",
        }
        form = str(httpx.QueryParams(fields)).encode()
        page = await http.post(
            "/api-auth/login/",
            content=in_chunks(form),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
    assert (page.status_code, page.headers["location"]) == (302, "/auth/me")
