"""Guests: visitors without a token of the host, if the business allows them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from chatsite.widget.models import ExternalIdentity
from tests.widget.conftest import Exchange, Shop, api, make_shop, refused, signed


@pytest.fixture
def open_shop(db: None) -> Shop:
    return make_shop(guests_allowed=True)


def come_in(shop: Shop, **body: Any) -> Any:
    address = body.pop("address", "192.0.2.1")
    given = {"business": shop.business.slug, **body}
    return api().post("/widget/guest-sessions", given, format="json", REMOTE_ADDR=address)


def test_guests_are_off_unless_the_business_wants_them(shop: Shop) -> None:
    assert refused(come_in(shop)) == (403, "forbidden")


def test_a_guest_comes_in_and_comes_back(open_shop: Shop) -> None:
    first = come_in(open_shop, name="Robin")
    assert first.status_code == 201
    body = first.json()
    assert body["user"]["name"] == "Robin"
    assert body["conversation"]["businessId"] == str(open_shop.business.pk)
    again = come_in(open_shop, guest=body["guest"]).json()
    assert again["user"] == body["user"]
    assert again["conversation"]["id"] == body["conversation"]["id"]
    assert again["guest"] == body["guest"]


def test_a_guest_gives_a_name_and_an_address_later(open_shop: Shop, settings: Settings) -> None:
    settings.CHAT_SENDS_MAIL = True
    first = come_in(open_shop).json()
    told = {"guest": first["guest"], "name": "Robin", "email": "robin@mail.example"}
    assert come_in(open_shop, **told).json()["user"]["name"] == "Robin"
    (job,) = DBTaskResult.objects.filter(task_path__endswith="send_confirmation")
    assert job.args_kwargs["args"][:2] == [first["user"]["id"], "robin@mail.example"]
    assert User.objects.get(pk=first["user"]["id"]).email == ""  # until its owner has confirmed it
    assert refused(come_in(open_shop, guest=first["guest"], email="nonsense")) == (400, "invalid")
    settings.CHAT_SENDS_MAIL = False
    come_in(open_shop, **told)
    assert DBTaskResult.objects.filter(task_path__endswith="send_confirmation").count() == 1


def test_the_key_is_not_stored(open_shop: Shop) -> None:
    key = come_in(open_shop).json()["guest"]
    (row,) = ExternalIdentity.objects.all()
    assert key not in row.subject
    assert len(key) > 40


def test_two_guests_are_two(open_shop: Shop) -> None:
    one, other = come_in(open_shop).json(), come_in(open_shop).json()
    assert one["user"]["id"] != other["user"]["id"]
    assert one["user"]["name"] == "Guest"


def test_an_unknown_key_makes_nobody(open_shop: Shop) -> None:
    elsewhere = come_in(make_shop(guests_allowed=True)).json()["guest"]
    before = User.objects.count()
    for key in ("never-given-out", elsewhere):
        assert refused(come_in(open_shop, guest=key)) == (401, "unauthenticated")
    assert User.objects.count() == before


def test_no_host_signs_itself_into_a_guests_account(open_shop: Shop, exchange: Exchange) -> None:
    guest = come_in(open_shop).json()
    subject = ExternalIdentity.objects.get(user=guest["user"]["id"]).subject
    assert exchange(signed(open_shop, sub=subject)).json()["user"]["id"] != guest["user"]["id"]


def test_unknown_and_disabled_look_the_same(open_shop: Shop) -> None:
    slug = open_shop.business.slug
    open_shop.site.enabled = False
    open_shop.site.save()
    disabled = come_in(open_shop)
    unknown = api().post("/widget/guest-sessions", {"business": f"{slug}-not"}, format="json")
    assert refused(disabled) == (404, "not_found")
    assert disabled.json() == unknown.json()


def limit(settings: Settings, **rates: str) -> None:
    known = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": {**known, **rates}}


def test_new_guests_of_one_address_are_limited_and_known_ones_are_not(
    open_shop: Shop, settings: Settings
) -> None:
    limit(settings, widget_guest="2/day")
    key = come_in(open_shop).json()["guest"]
    come_in(open_shop)
    assert refused(come_in(open_shop)) == (429, "rate_limited")
    assert come_in(open_shop, guest=key).status_code == 201
    assert come_in(open_shop, address="192.0.2.2").status_code == 201


def test_new_guests_of_one_widget_are_limited_wherever_they_come_from(
    open_shop: Shop, settings: Settings
) -> None:
    limit(settings, widget_guests_of_site="3/day")
    for number in range(3):
        assert come_in(open_shop, address=f"192.0.2.{number}").status_code == 201
    assert refused(come_in(open_shop, address="192.0.2.9")) == (429, "rate_limited")
    assert come_in(make_shop(guests_allowed=True), address="192.0.2.9").status_code == 201


@pytest.mark.parametrize("body", [{"business": 7}, {"guest": 7}, {"name": "x" * 151}])
def test_bad_bodies(open_shop: Shop, body: dict[str, Any]) -> None:
    assert refused(come_in(open_shop, **body))[0] in {400, 413}
