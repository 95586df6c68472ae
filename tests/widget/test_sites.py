"""Owners set up widgets and their secrets over REST. Nobody else can."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from chatsite.widget.models import SigningSecret, WidgetSite
from conversations.models import Business, Membership
from tests.widget.conftest import SHOP, Exchange, Shop, api, refused, signed


@pytest.fixture
def owned(db: None) -> tuple[User, Business]:
    owner = User.objects.create(username="owner")
    business = Business.objects.create(name="Shop", slug="shop")
    Membership.objects.create(business=business, user=owner, role=Membership.Role.OWNER)
    return owner, business


def test_an_owner_makes_the_widget_once(owned: tuple[User, Business]) -> None:
    owner, business = owned
    body = {"businessId": str(business.pk), "origins": [SHOP], "title": "Ask us", "accent": "#0F766E"}
    made = api(owner).post("/widget/sites", body, format="json")
    assert made.status_code == 201
    site = made.json()
    assert (site["origins"], site["title"], site["accent"]) == ([SHOP], "Ask us", "#0f766e")
    assert (site["enabled"], site["guestsAllowed"]) == (True, False)
    assert [secret.keys() for secret in site["secrets"]] == [{"id", "hint", "createdAt"}]
    again = api(owner).post("/widget/sites", {**body, "title": "Other"}, format="json")
    assert again.status_code == 200
    assert again.json() == site
    listed = api(owner).get("/widget/sites").json()
    assert listed["results"] == [site]


def test_settings_are_changed_one_by_one(shop: Shop) -> None:
    where = f"/widget/sites/{shop.site.pk}"
    changed = api(shop.owner).patch(where, {"greeting": " Hello\nyou ", "guestsAllowed": True}, format="json")
    assert changed.status_code == 200
    assert changed.json()["greeting"] == "Hello\nyou"
    assert changed.json()["guestsAllowed"] is True
    assert changed.json()["origins"] == [SHOP]
    assert api(shop.owner).get(where).json() == changed.json()


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"origins": ["http://shop.example"]}, 400, "origins"),
        ({"origins": [f"https://a{number}.example" for number in range(51)]}, 413, "origins"),
        ({"origins": "https://shop.example"}, 400, "origins"),
        ({"accent": "red; }"}, 400, "accent"),
        ({"title": "x" * 61}, 413, "title"),
        ({"greeting": "x" * 301}, 413, "greeting"),
        ({"enabled": "yes"}, 400, "enabled"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_settings_change_nothing(shop: Shop, body: dict[str, Any], status: int, field: str) -> None:
    answer = api(shop.owner).patch(f"/widget/sites/{shop.site.pk}", {"title": "Kept", **body}, format="json")
    assert answer.status_code == status
    assert answer.json()["error"]["details"]["field"] == field
    shop.site.refresh_from_db()
    assert shop.site.title == ""


def test_for_everybody_else_it_is_not_there(shop: Shop) -> None:
    agent, stranger = User.objects.create(username="agent"), User.objects.create(username="stranger")
    Membership.objects.create(business=shop.business, user=agent)
    base = f"/widget/sites/{shop.site.pk}"
    for user in (agent, stranger):
        client = api(user)
        answers = [
            client.get(base),
            client.patch(base, {"title": "Mine"}, format="json"),
            client.post(f"{base}/rotate-secret"),
            client.delete(f"{base}/secrets/{shop.secret.pk}"),
            client.post(f"{base}/sign-out-visitors"),
            client.post("/widget/sites", {"businessId": str(shop.business.pk)}, format="json"),
        ]
        assert {refused(answer) for answer in answers} == {(404, "not_found")}
        assert client.get("/widget/sites").json()["results"] == []
    assert refused(api().get(base)) == (401, "unauthenticated")


def test_a_secret_is_shown_once_and_two_are_valid(shop: Shop, exchange: Exchange) -> None:
    base = f"/widget/sites/{shop.site.pk}"
    first = shop.secret.value
    rotated = api(shop.owner).post(f"{base}/rotate-secret")
    assert rotated.status_code == 201
    assert rotated["Cache-Control"] == "no-store"
    second = rotated.json()["value"]
    assert second not in api(shop.owner).get(base).content.decode()
    assert [exchange(signed(shop, key=key)).status_code for key in (first, second)] == [201, 201]
    third = api(shop.owner).post(f"{base}/rotate-secret").json()["value"]
    assert [exchange(signed(shop, key=key)).status_code for key in (first, second, third)] == [401, 201, 201]
    assert SigningSecret.objects.filter(site=shop.site).count() == 2


def test_a_secret_is_revoked(shop: Shop, exchange: Exchange) -> None:
    base, old = f"/widget/sites/{shop.site.pk}", shop.secret
    assert api(shop.owner).delete(f"{base}/secrets/{old.pk}").status_code == 204
    assert refused(exchange(signed(shop, key=old.value))) == (401, "unauthenticated")
    assert refused(api(shop.owner).delete(f"{base}/secrets/{old.pk}")) == (404, "not_found")


def test_secrets_are_never_alike_nor_short(shop: Shop) -> None:
    values = {
        api(shop.owner).post(f"/widget/sites/{shop.site.pk}/rotate-secret").json()["value"] for _ in "abc"
    }
    assert len(values) == 3
    assert all(value.startswith("wsec_") and len(value) == 48 for value in values)
    assert WidgetSite.objects.count() == 1
