"""Every entry refuses values that the database cannot store or that the site never issued."""

from __future__ import annotations

from base64 import b64encode

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

LISTS = ("/widget/sites", "/chat/businesses", "/notifications", "/team/invitations")
FORGED = (b"p=x", b"p=\x00", b"p=", b"p=99999999999999999999999", b"o=5", b"r=1&p=%F0", b"\xff", b"p=1&p=2")
TEXTS = ("\x00", "a\x00b", "x" * 100_000, "9" * 5_000, "\U0010ffff", "١٢")


@pytest.fixture
def owner(admin_user: User) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(admin_user)
    return client


@pytest.mark.parametrize("address", LISTS)
@pytest.mark.parametrize("cursor", [b64encode(content).decode() for content in FORGED])
def test_a_forged_cursor(owner: APIClient, address: str, cursor: str) -> None:
    answer = owner.get(address, {"cursor": cursor})
    assert answer.status_code in {200, 400}
    if answer.status_code == 400:
        assert answer.json()["error"]["details"] == {"field": "cursor"}


@pytest.mark.parametrize("cursor", ["cD14", "cD0A", "garbage", "cD0="])
@pytest.mark.parametrize("address", ["/widget/sites", "/notifications", "/team/invitations"])
def test_no_list_gave_out_these(owner: APIClient, address: str, cursor: str) -> None:
    answer = owner.get(address, {"cursor": cursor})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid")


@pytest.mark.parametrize("text", TEXTS)
def test_texts_of_public_requests(db: None, text: str) -> None:
    client = APIClient(raise_request_exception=False)
    for path, body in {
        "/widget/guest-sessions": {"business": text, "guest": text, "name": text},
        "/widget/sessions": {"token": text},
        "/auth/token": {"username": text, "password": text},
        "/auth/token/refresh": {"refresh": text},
        "/auth/token/verify": {"token": text},
        "/auth/logout": {"refresh": text},
    }.items():
        for kind in ("json", "multipart"):
            answer = client.post(path, body, format=kind)
            assert 400 <= answer.status_code < 500, f"{path} {kind} {answer.status_code}"
            assert answer.json()["error"]["code"] != "internal"


@pytest.mark.parametrize("text", [*TEXTS, "\ud800"])
def test_texts_in_addresses_and_queries(admin_client: Client, owner: APIClient, text: str) -> None:
    quoted = "".join(f"%{byte:02x}" for byte in text[:200].encode("utf-8", "surrogatepass"))
    admin_client.raise_request_exception = False
    for path in (
        f"/widget/sites/{quoted}",
        f"/widget/sites/{quoted}/secrets/{quoted}",
        f"/widget/frame/{quoted}?lang={quoted}",
        f"/widget/config/{quoted}.js?lang={quoted}",
        f"/chat/messages/{quoted}",
        f"/admin/auth/user/?q={quoted}",
        f"/admin/auth/user/{quoted}/change/",
        f"/admin/widget/widgetsite/?q={quoted}&p={quoted}",
        f"/api-auth/login/?next={quoted}",
        f"/auth/me?format={quoted}",
    ):
        for client in (admin_client, owner):
            assert client.get(path).status_code < 500, path
