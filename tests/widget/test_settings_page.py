"""The page on which owners set up their widget works without scripts."""

from __future__ import annotations

from typing import Any

import pytest

from chatsite.widget.models import WidgetSite
from conversations.models import Membership
from tests.conversations.people import business, person
from tests.web.test_team_settings import Page

pytestmark = pytest.mark.django_db


class WidgetPage(Page):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.path = f"/app/team/{self.shop.pk}/widget"


@pytest.fixture
def owners() -> WidgetPage:
    owner = person()
    return WidgetPage(business(owner), owner)


def test_the_widget_is_made_and_set(owners: WidgetPage) -> None:
    assert "data-business" not in owners.client.get(owners.path).content.decode()
    assert owners.submit("create").status_code == 302
    assert owners.submit("create").status_code == 302  # a second click creates no second one
    page = owners.client.get(owners.path)
    code = f'<script async src="http://testserver/widget/v1.js" data-business="{owners.shop.slug}"></script>'
    assert page.context["code"] == code
    fields = {"origins": "https://Shop.example\r\nhttps://*.shop.example", "title": "Ask us", "enabled": "on"}
    fields |= {"greeting": "Hello!\r\nHow are you?", "accent": "#0f766e", "coloured": "on", "guests": "on"}
    assert owners.submit("change", **fields).status_code == 302
    site = WidgetSite.objects.get(business=owners.shop)
    assert site.origins == ["https://shop.example", "https://*.shop.example"]
    assert (site.title, site.greeting, site.accent) == ("Ask us", "Hello!\nHow are you?", "#0f766e")
    assert (site.enabled, site.guests_allowed) == (True, True)
    assert owners.submit("change", origins="https://shop.example", accent="#0f766e").status_code == 302
    site.refresh_from_db()
    assert (site.enabled, site.guests_allowed, site.accent, site.title) == (False, False, "", "")


@pytest.mark.parametrize(
    ("name", "value"), [("origins", "shop example"), ("title", "x" * 61), ("accent", "red")]
)
def test_a_wrong_entry_is_named_beside_its_field_and_stays(owners: WidgetPage, name: str, value: str) -> None:
    owners.submit("create")
    answer = owners.submit("change", coloured="on", **{"accent": "#0f766e", name: value})
    assert answer.status_code in (400, 413)
    assert list(answer.context["errors"]) == [name]
    assert answer.context["entry"][name] == value
    assert WidgetSite.objects.get().accent == ""


def test_only_owners_find_it(owners: WidgetPage) -> None:
    agent = person()
    Membership.objects.create(business=owners.shop, user=agent)
    for user in (agent, person()):
        page = WidgetPage(owners.shop, user)
        assert page.client.get(page.path).status_code == 404
        assert page.submit("create").status_code == 404
    owners.client.logout()
    assert owners.client.get(owners.path).status_code == 302
    assert not WidgetSite.objects.exists()
