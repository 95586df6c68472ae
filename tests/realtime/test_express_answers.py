"""Whatever an express reader cannot answer, Django does; and what it can, Django never hears of."""

from __future__ import annotations

from typing import Any

import pytest

from chatsite.errors import not_found
from chatsite.http import express
from chatsite.http.express import Answer, Asked, Express, Reader

pytestmark = pytest.mark.standalone

PATH = "/things/1"
TOKEN = (b"authorization", b"Bearer a.b.c")


class Django:
    def __init__(self, *headers: tuple[bytes, bytes]) -> None:
        self.asked = 0
        self._headers = [(b"Content-Type", b"application/json"), *headers]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked += 1
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        await send({"type": "http.response.body", "body": b"django"})


async def ask(site: Express, method: str = "GET", *headers: tuple[bytes, bytes]) -> bytes:
    body: list[bytes] = []

    async def receive() -> Any: ...

    async def send(message: Any) -> None:
        body.append(message.get("body", b""))

    given = [(b"host", b"testserver"), TOKEN, *headers]
    scope = {"type": "http", "method": method, "path": PATH, "query_string": b"", "headers": given}
    await site(scope, receive, send)
    return b"".join(body)


@pytest.fixture(autouse=True)
def no_other_routes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(express, "_routes", [])


def serve(reader: Reader, *headers: tuple[bytes, bytes]) -> tuple[Express, Django]:
    express.add_route(r"/things/(\d)", reader)
    django = Django(*headers)
    return Express(django), django


async def answers(asked: Asked) -> Answer | None:
    return Answer(b"express", "1")


async def has_none(asked: Asked) -> Answer | None:
    return None


async def refuses(asked: Asked) -> Answer | None:
    raise not_found("thing")


async def fails(asked: Asked) -> Answer | None:
    raise RuntimeError("a bug, or a database that is away")


OF_ANOTHER_KIND = [
    (b"accept", b"*/*"),
    (b"accept-language", b"de"),
    (b"forwarded", b"proto=https"),
    (b"origin", b"https://shop.example"),
    (b"x-forwarded-host", b"shop.example"),
    (b"x-forwarded-proto", b"https"),
]


@pytest.mark.parametrize("header", OF_ANOTHER_KIND, ids=[name.decode() for name, _ in OF_ANOTHER_KIND])
async def test_the_first_of_a_kind_is_djangos(header: tuple[bytes, bytes]) -> None:
    site, django = serve(answers)
    assert [await ask(site) for _ in range(3)] == [b"django", b"express", b"express"]
    assert [await ask(site, "GET", header) for _ in range(2)] == [b"django", b"express"]
    assert django.asked == 2


@pytest.mark.parametrize("reader", [has_none, refuses, fails])
async def test_what_has_no_express_answer_is_djangos(reader: Reader) -> None:
    site, django = serve(reader)
    assert [await ask(site) for _ in range(3)] == [b"django"] * 3
    assert django.asked == 3


async def test_whoever_brings_a_cookie_or_changes_something_is_djangos() -> None:
    site, _ = serve(answers)
    await ask(site)
    assert await ask(site) == b"express"
    assert await ask(site, "GET", (b"cookie", b"sessionid=x")) == b"django"
    assert await ask(site, "POST") == b"django"


async def test_an_answer_that_sets_a_cookie_is_not_learnt() -> None:
    site, _ = serve(answers, (b"Set-Cookie", b"a=b"))
    assert [await ask(site) for _ in range(3)] == [b"django"] * 3
