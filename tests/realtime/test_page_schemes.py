"""A site with TLS refuses pages that were loaded without it, wherever the TLS ends."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from chatsite.realtime.origins import is_same, scheme_of

HOST = "shop.example"


def scope(scheme: str, *told: str) -> dict[str, Any]:
    headers = [(b"host", HOST.encode()), *((b"x-forwarded-proto", value.encode()) for value in told)]
    return {"type": "websocket", "scheme": scheme, "headers": headers}


@pytest.fixture(autouse=True)
def hosts(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = [HOST]


@pytest.mark.parametrize(
    ("told", "scheme"),
    [(("https",), "wss"), (("https, http",), "wss"), (("http",), "ws"), (("http, https",), "ws"), ((), "ws")],
)
def test_behind_a_proxy_that_is_believed(settings: Settings, told: tuple[str, ...], scheme: str) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert scheme_of(scope("ws", *told)) == scheme
    assert is_same(f"https://{HOST}", scheme, HOST)
    assert is_same(f"http://{HOST}", scheme, HOST) is (scheme == "ws")


@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_a_request_that_bypasses_the_proxy_counts_as_without_one(settings: Settings, scheme: str) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert scheme_of(scope(scheme)) == scheme


@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_nobody_else_is_believed(settings: Settings, scheme: str) -> None:
    settings.SECURE_PROXY_SSL_HEADER = None
    assert scheme_of(scope(scheme, "https")) == scheme_of(scope(scheme, "http")) == scheme
