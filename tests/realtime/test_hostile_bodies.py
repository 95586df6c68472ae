"""Invalid REST bodies and queries get an error in the one shape, never a 500."""

from __future__ import annotations

import pytest
from django.test import Client

from chatsite.config.limits import Limits
from tests.harness.cast import Cast
from tests.harness.rest import Json

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
BAD: dict[str, tuple[str, bytes, int]] = {
    "no JSON": (JSON, b"hello", 400),
    "half": (JSON, b'{"content": "x"', 400),
    "array": (JSON, b"[]", 400),
    "null": (JSON, b"null", 400),
    "string": (JSON, b'"x"', 400),
    "empty": (JSON, b"", 400),
    "100,000 deep": (JSON, b"[" * 100_000, 400),
    "100,000 deep and closed": (JSON, b'{"content":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
    "5,000 digits": (JSON, b'{"content": ' + b"9" * 5_000 + b"}", 400),
    "NaN": (JSON, b'{"content": NaN}', 400),
    "lone surrogate": (JSON, b'{"content": "\\ud800"}', 400),
    "lone surrogate in an extra field": (JSON, b'{"content": "x", "extra": "\\udc00"}', 400),
    "NUL": (JSON, b'{"content": "a\\u0000b"}', 400),
    "not UTF-8": (JSON, b'{"content": "\xff"}', 400),
    "UTF-16": (JSON, '{"content": "x"}'.encode("utf-16"), 400),
    "wrong type": (JSON, b'{"content": {"a": 1}}', 400),
    "number": (JSON, b'{"content": 5}', 400),
    "clientId of a wrong type": (JSON, b'{"content": "x", "clientId": 5}', 400),
    "no id": (JSON, b'{"content": "x", "replyTo": "no id"}', 400),
    "long": (JSON, b'{"content": "' + b"x" * (Limits.message_length + 1) + b'"}', 413),
    "very long": (JSON, b'{"content": "' + b"x" * 3_000_000 + b'"}', 413),
    "XML": ("application/xml", b"<content/>", 415),
    "odd form": (FORM, b"%ff=%zz&&&=", 400),
    "form with NUL": (FORM, b"content=a%00b", 400),
    "form with thousands of fields": (FORM, b"&".join(b"f%d=1" % n for n in range(2_000)), 400),
}


def test_pages_that_are_not_there(client: Client) -> None:
    """The test runs in this process, because a site with DEBUG on shows Django's page for developers."""
    for path in ("/no/such/page", "/chat/nothing", "/chat/conversations/1/nothing"):
        response = client.get(path)
        assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("name", BAD)
async def test_bodies(cast: Cast, name: str) -> None:
    kind, body, status = BAD[name]
    talk = await cast.conversation(cast.carol)
    path = f"/chat/conversations/{talk['id']}/messages"
    for where in (path, "/chat/conversations"):
        response = await cast.carol.rest.http.post(where, content=body, headers={"Content-Type": kind})
        error: Json = response.json()["error"]
        assert error.keys() <= {"code", "message", "details"}
        if where == path:
            expected = {400: "invalid", 413: "too_large", 415: "unsupported_media_type"}[status]
            assert (response.status_code, error["code"]) == (status, expected)
        assert 400 <= response.status_code < 500
    assert (await cast.carol.rest.get(f"/chat/conversations/{talk['id']}"))["lastSeq"] == talk["lastSeq"]


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "multipart/form-data"])
async def test_a_broken_multipart_body(cast: Cast, kind: str) -> None:
    """daphne itself refuses it, without the error shape. uvicorn lets the site answer."""
    body = b"--y\r\nnonsense"
    for server in (0, 1):
        rest = cast.carol.rest_on(server)
        response = await rest.http.post("/chat/conversations", content=body, headers={"Content-Type": kind})
        assert response.status_code == 400


OLD_CURSOR = (
    "WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzIzOjU5IiwiMDFhMjA4ZDQtYjVhYi03NmZiLWE4MmQtZjkwZmVlZDNiYmZkIixmYWxzZV0"
)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/chat/conversations/%00", 404),
        ("/chat/conversations/%ff", 404),
        ("/chat/conversations/%F0%9F%92%A5/messages", 404),
        ("/chat/conversations/" + "9" * 4000, 404),
        ("/chat/messages/%00", 404),
        ("/chat/conversations?businessId=%00", 404),
        ("/chat/conversations?businessId=%ff", 404),
        (f"/chat/conversations?cursor={OLD_CURSOR}", 400),
        ("/chat/conversations?limit=%00", 400),
        ("/chat/conversations?limit=" + "9" * 5000, 400),
        ("/chat/conversations?limit=%D9%A3", 400),
        ("/chat/businesses?cursor=x", 400),
        ("/chat/businesses?limit=-1&search=%00", 400),
    ],
)
async def test_addresses(cast: Cast, path: str, status: int) -> None:
    response = await cast.carol.rest.http.get(path)
    assert response.status_code == status
    if status != 200:
        assert response.json()["error"]["code"] == {400: "invalid", 404: "not_found"}[status]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("PUT", "/chat/conversations", 405, "method_not_allowed"),
        ("DELETE", "/chat/conversations", 405, "method_not_allowed"),
        ("PATCH", "/chat/unread-count", 405, "method_not_allowed"),
    ],
)
async def test_methods(cast: Cast, method: str, path: str, status: int, code: str) -> None:
    response = await cast.carol.rest.http.request(method, path)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)


async def test_an_answer_in_a_kind_that_we_do_not_have(cast: Cast) -> None:
    response = await cast.carol.rest.http.get("/chat/unread-count", headers={"Accept": "image/png"})
    assert (response.status_code, response.json()["error"]["code"]) == (406, "not_acceptable")


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer x", "Bearer a b c", "Bearer " + "x" * 5000, "Bearer \xff"]
)
async def test_credentials_that_are_none(cast: Cast, header: str) -> None:
    headers = {b"Authorization": header.encode("latin-1")}
    response = await cast.carol.rest.http.get("/chat/conversations", headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (401, "unauthenticated")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
