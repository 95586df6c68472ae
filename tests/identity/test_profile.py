"""GET /auth/me."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from chatsite.identity import profile
from tests.identity.conftest import PASSWORD


@pytest.fixture(autouse=True)
def no_sections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile, "me_sections", {})


@pytest.mark.parametrize("path", ["/auth/me", "/auth/me/"])
def test_the_signed_in_user(carol: User, signed_in: APIClient, path: str) -> None:
    response = signed_in.get(path)
    assert response.status_code == 200
    assert response.json() == {
        "id": str(carol.pk),
        "username": "carol",
        "name": "Carol Diaz",
        "email": "carol@example.org",
        "isStaff": False,
    }


def test_a_user_without_a_name_goes_by_the_username(dave: User) -> None:
    assert profile.profile_of(dave)["name"] == "dave"


def test_apps_add_sections(carol: User, signed_in: APIClient) -> None:
    profile.me_sections["businesses"] = profile.Section(
        list[dict[str, str]], lambda user: [{"id": "1", "name": f"{user.first_name}'s"}]
    )
    assert signed_in.get("/auth/me").json()["businesses"] == [{"id": "1", "name": "Carol's"}]


def test_a_session_cookie_does_as_well(carol: User, api: APIClient) -> None:
    api.login(username="carol", password=PASSWORD)
    assert api.get("/auth/me").json()["username"] == "carol"
    page = api.get("/auth/me", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "carol@example.org" in page.content.decode()
