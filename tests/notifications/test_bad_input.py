"""Bad values get an error of the closed list, never a server error."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from rest_framework.test import APIClient

from notifications.operations import notify
from tests.notifications.conftest import Town, make_api, tomorrow

pytestmark = pytest.mark.urls("chatsite.urls")

CURSORS = [
    "cD14",  # p=x
    "cD0A",  # p=NUL
    "cD0=",
    "YWJj",
    "nonsense",
    "\u0664",
    "x" * 5000,
    *(
        b64encode(text.encode()).decode()
        for text in (
            "p=9" * 40,
            f"p={10**30}",
            "p=-1",
            "p=\u0664",
            "r=1&p=\x00",
            "p=1e9",
        )
    ),
]
IDS = ["\x00", "x" * 5000, str(2**63), str(10**400), "\u0664", "-1", "0", "{}", "null", "\ud7ff", "1e400", ""]


@pytest.fixture
def api(town: Town) -> APIClient:
    notify(recipient_id=town.olivia.pk, type="system", title="News")
    return make_api(town.olivia)


def code_of(answer: Any) -> str:
    assert answer.status_code < 500, answer.content
    return str(answer.json()["error"]["code"])


@pytest.mark.parametrize("cursor", CURSORS)
def test_a_cursor_that_no_list_gave_out(api: APIClient, town: Town, cursor: str) -> None:
    lists = {
        "/notifications": {},
        "/team/invitations": {},
        "/team/invitations?": {"businessId": str(town.shop.pk)},
        "/offers": {"conversationId": str(town.conversation.pk)},
    }
    for path, query in lists.items():
        assert code_of(api.get(path.rstrip("?"), {**query, "cursor": cursor})) == "invalid"


@pytest.mark.parametrize("value", IDS)
def test_an_id_that_cannot_be_one(api: APIClient, town: Town, value: str) -> None:
    assert api.get("/presence", {"userIds": f"{value},{town.carol.pk}"}).status_code == 200
    assert code_of(api.get("/offers", {"conversationId": value})) in ("invalid", "not_found")
    if value:
        assert code_of(api.get("/team/invitations", {"businessId": value})) == "not_found"
        assert code_of(api.get("/notifications", {"type": value})) == "invalid"
        assert code_of(api.patch("/notifications/read-all", query_params={"type": value})) == "invalid"
    for given in ({"userId": value}, {"username": value}, {"userId": "1", "role": value}):
        body = {"businessId": str(town.shop.pk), **given}
        assert code_of(api.post("/team/invitations", body, format="json")) in ("invalid", "not_found")
    body = {"businessId": value, "username": "amir"}
    assert code_of(api.post("/team/invitations", body, format="json")) == "not_found"


@pytest.mark.parametrize(
    "bad",
    [
        {"amountMinor": 10**400},
        {"amountMinor": -(2**63) - 1},
        {"amountMinor": 1.5},
        {"title": "\x00"},
        {"title": "x" * 5000},
        {"description": "x" * 5000},
        {"currency": "\x00"},
        {"currency": "EURO"},
        {"clientId": "x" * 500},
        {"clientId": "\x00"},
        {"conversationId": "\x00"},
        {"expiresAt": "0001-01-01T00:00:00+14:00"},
        {"expiresAt": "9999-12-31T23:59:59.999999-14:00"},
        {"expiresAt": "+12000-01-01T00:00:00Z"},
        {"expiresAt": "2026-02-30T00:00:00Z"},
        {"expiresAt": "2026-01-01T00:00:00"},
        {"expiresAt": 10**30},
    ],
)
def test_an_offer_that_cannot_be_made(api: APIClient, town: Town, bad: dict[str, Any]) -> None:
    good = {
        "conversationId": str(town.conversation.pk),
        "title": "Bike",
        "amountMinor": 100,
        "currency": "EUR",
        "expiresAt": tomorrow().isoformat(),
    }
    for form in ("json", "multipart"):
        assert code_of(api.post("/offers", {**good, **bad}, format=form)) in (
            "invalid",
            "too_large",
            "not_found",
        )
