"""The first steps of a new business."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chatsite.widget.models import WidgetSite
from conversations.models import Business, CannedAnswer, Membership
from tests.conversations.people import business, client_of, conversation, person, say
from tests.web.test_team_settings import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def owners() -> Page:
    owner = person()
    return Page(business(owner), owner)


def steps(client: Client, path: str = "/app/") -> Any:
    setup = client.get(path).context["setup"]
    return None if setup is None else [step.is_done for step in setup.steps]


def test_each_step_is_seen_to_be_done(owners: Page) -> None:
    client, shop = owners.client, owners.shop
    page = client.get("/app/")
    assert steps(client) == [False] * 5
    [following] = [step for step in page.context["setup"].steps if step.is_next]
    assert following.address == f"/app/team/{shop.pk}/members"
    talk = conversation(shop)
    say(talk, talk.customer, ["hello"])
    assert steps(client) == [False, False, False, False, True]
    owners.submit("hours", timezone="UTC", monday="9:00-17:00")
    WidgetSite.objects.create(business=shop)
    assert steps(client) == [False, True, False, False, True]
    WidgetSite.objects.update(origins=["https://shop.example"])
    CannedAnswer.objects.create(business=shop, code="hi", text="Hello")
    assert steps(client, owners.path) == [False, True, True, True, True]
    body = {"businessId": str(shop.pk), "username": person().username}
    assert client_of(owners.user).post("/team/invitations", body, format="json").status_code == 201
    assert steps(client) is None


def test_the_page_of_an_owner_asks_the_database_little(owners: Page) -> None:
    colleague, other = person(), person()
    Membership.objects.create(business=owners.shop, user=colleague)
    for customer in (other, person()):
        talk = conversation(owners.shop, customer)
        say(talk, customer, ["hello"])
        say(talk, colleague, ["hi"])  # whose name the list shows

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert owners.client.get("/app/").context["setup"] is not None
        return len(queries)

    owners.client.get("/app/")
    before = asked()
    assert before <= 27
    talk = conversation(owners.shop)
    say(talk, talk.customer, ["one more"])
    Membership.objects.create(business=business(), user=owners.user, role="owner")
    assert asked() == before


def test_owners_hide_it_and_nobody_else_sees_it(owners: Page) -> None:
    agent, customer = person(), person()
    Membership.objects.create(business=owners.shop, user=agent)
    agents = Page(owners.shop, agent)
    assert steps(agents.client) is steps(agents.client, owners.path) is None
    assert agents.submit("setup").status_code == 403
    customers = Client()
    customers.force_login(customer)
    assert steps(customers) is None
    hidden = owners.submit("setup")
    assert (hidden.status_code, hidden["Location"]) == (302, "/app")
    assert steps(owners.client) is steps(owners.client, owners.path) is None


def test_a_form_that_was_opened_earlier_does_not_show_it_again(owners: Page) -> None:
    earlier = Business.objects.get(pk=owners.shop.pk)
    owners.submit("setup")
    earlier.name = "Renamed"
    earlier.save()
    owners.shop.refresh_from_db()
    assert (owners.shop.name, owners.shop.setup_hidden) == ("Renamed", True)
