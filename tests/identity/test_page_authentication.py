"""A page with a session cookie names the user for whom it was made."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from tests.identity.conftest import PASSWORD


@pytest.fixture
def of_carol(carol: User, api: APIClient) -> APIClient:
    assert api.login(username="carol", password=PASSWORD)
    return api


def asked_for(api: APIClient, user_id: str) -> tuple[int, str]:
    response = api.get("/auth/me", headers={"X-Chat-User": user_id})
    content = response.json()
    return response.status_code, content["error"]["code"] if "error" in content else content["id"]


def test_a_page_of_the_signed_in_user_is_answered(carol: User, of_carol: APIClient) -> None:
    assert asked_for(of_carol, str(carol.pk)) == (200, str(carol.pk))


@pytest.mark.parametrize("named", ["", "nobody"])
def test_a_page_of_another_user_is_refused(dave: User, of_carol: APIClient, named: str) -> None:
    for user_id in (named, str(dave.pk)):
        assert asked_for(of_carol, user_id) == (401, "unauthenticated")


def test_a_change_of_another_users_page_is_not_made(dave: User, of_carol: APIClient) -> None:
    headers = {"X-Chat-User": str(dave.pk)}
    assert of_carol.post("/auth/ws-ticket", headers=headers).status_code == 401
    assert of_carol.post("/auth/ws-ticket").status_code == 200


def test_a_token_names_its_user_itself(carol: User, api: APIClient) -> None:
    pair = api.post("/auth/token", {"username": "carol", "password": PASSWORD}, format="json").json()
    headers = {"Authorization": f"Bearer {pair['access']}", "X-Chat-User": "nobody"}
    assert api.get("/auth/me", headers=headers).status_code == 200
