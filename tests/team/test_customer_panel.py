"""Members see what the business knows about a customer, with the host project's own panels.

Customers see none of it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from conversations.models import Episode
from conversations.moderation import erasure
from conversations.team.customer import host_panels
from conversations.team.customer.types import CustomerPanel, CustomerPanelRequest, PanelRow
from notifications import offers
from tests.conversations.people import person
from tests.team.scene import Scene

pytestmark = pytest.mark.django_db
HERE = "tests.team.test_customer_panel"
released = threading.Event()
asked: list[CustomerPanelRequest] = []


def orders(request: CustomerPanelRequest) -> CustomerPanel:
    asked.append(request)
    rows = [PanelRow("Order", "<b>1007</b>", "/orders/1007"), PanelRow("Paid", "yes")]
    return CustomerPanel("Orders", rows)


def nothing(request: CustomerPanelRequest) -> None:
    return None


def fail(request: CustomerPanelRequest) -> CustomerPanel:
    raise RuntimeError("the shop is down")


def hang(request: CustomerPanelRequest) -> CustomerPanel:
    released.wait(30)
    return CustomerPanel("too late", [])


def script(request: CustomerPanelRequest) -> CustomerPanel:
    return CustomerPanel("Bad", [PanelRow("a", "b", "javascript:alert(1)")])


def elsewhere(request: CustomerPanelRequest) -> CustomerPanel:
    return CustomerPanel("Bad", [PanelRow("a", "b", "//evil.example/x")])


def nonsense(request: CustomerPanelRequest) -> Any:
    return {"title": "Bad"}


@pytest.fixture(autouse=True)
def calls() -> Iterator[None]:
    released.clear()
    asked.clear()
    yield
    released.set()


def panel(scene: Scene, user: User | None = None) -> Any:
    return scene.get(user or scene.member, f"{scene.path}/customer")


def panels(scene: Scene, user: User | None = None) -> Any:
    return scene.get(user or scene.member, f"{scene.path}/customer/panels")


def test_members_see_what_is_known() -> None:
    scene = Scene()
    User.objects.filter(pk=scene.customer.pk).update(first_name="Carol", email="carol@mail.example")
    scene.set(scene.member, labelIds=[scene.label("refund")])
    soon = timezone.now() + timedelta(days=1)
    price: Any = {"amount_minor": 129900, "currency": "EUR", "expires_at": soon}
    offers.make_offer(author_id=scene.member.pk, conversation_id=scene.talk.pk, title="A bicycle", **price)
    shown = panel(scene).json()
    assert (shown["customer"]["name"], shown["email"]) == ("Carol", "carol@mail.example")
    assert [label["name"] for label in shown["labels"]] == ["refund"]
    [offer] = shown["offers"]
    assert (offer["title"], offer["amount"], offer["currency"], offer["status"]) == (
        "A bicycle",
        "1299.00",
        "EUR",
        "pending",
    )
    assert (shown["episodes"], shown["page"], shown["externalId"]) == ([], None, None)


def test_earlier_episodes_are_the_newest_ten_of_all() -> None:
    scene = Scene()
    now = timezone.now()
    rows = {"conversation": scene.talk, "business": scene.shop, "measured_at": now, "agent": scene.member}
    Episode.objects.bulk_create(
        Episode(**rows, last_seq=n, resolved_at=now + timedelta(hours=n), score=n % 5 + 1) for n in range(12)
    )
    Episode.objects.create(conversation=scene.talk, business=scene.shop, last_seq=99, resolved_at=now)
    shown = panel(scene).json()
    assert shown["episodeCount"] == 12
    assert [episode["score"] for episode in shown["episodes"]] == [n % 5 + 1 for n in range(11, 1, -1)]
    assert {episode["agentName"] for episode in shown["episodes"]} == {scene.member.username}


def test_for_everybody_else_there_is_no_panel(settings: Settings) -> None:
    settings.CHAT_CUSTOMER_PANELS = (f"{HERE}.orders",)
    scene = Scene()
    for user in (scene.customer, scene.stranger, person()):
        assert panel(scene, user).status_code == 404
        assert panels(scene, user).status_code == 404
    assert asked == []


def test_an_erased_customer_has_no_address() -> None:
    scene = Scene()
    User.objects.filter(pk=scene.customer.pk).update(email="carol@mail.example")
    erasure.erase_person(actor=None, user_id=scene.customer.pk, reason="asked")
    assert panel(scene).json()["email"] is None


def test_the_host_projects_panels_are_shown_as_texts(settings: Settings) -> None:
    settings.CHAT_CUSTOMER_PANELS = (f"{HERE}.orders", f"{HERE}.nothing")
    scene = Scene()
    [shown] = panels(scene).json()["panels"]
    assert shown == {
        "panel": "orders",
        "title": "Orders",
        "failed": False,
        "rows": [
            {"label": "Order", "value": "<b>1007</b>", "url": "/orders/1007"},
            {"label": "Paid", "value": "yes", "url": None},
        ],
    }
    [request] = asked
    assert (request.customer, request.member, request.business_slug) == (
        scene.customer,
        scene.member,
        scene.shop.slug,
    )


def test_a_panel_that_fails_leaves_the_others(settings: Settings) -> None:
    bad = ("fail", "hang", "script", "elsewhere", "nonsense")
    settings.CHAT_CUSTOMER_PANELS = (*(f"{HERE}.{name}" for name in bad), f"{HERE}.orders")
    settings.CHAT_CUSTOMER_PANEL_SECONDS = 0.1
    found = [(one["panel"], one["failed"], len(one["rows"])) for one in panels(Scene()).json()["panels"]]
    assert found == [*((name, True, 0) for name in bad), ("orders", False, 2)]


def test_without_scripts_it_is_a_page(settings: Settings) -> None:
    settings.CHAT_CUSTOMER_PANELS = (f"{HERE}.orders", f"{HERE}.fail")
    scene = Scene()
    User.objects.filter(pk=scene.customer.pk).update(first_name="Carol <b>", email="a+b@mail.example")
    scene.set(scene.member, labelIds=[scene.label("refund")])
    price: Any = {"amount_minor": 129900, "currency": "EUR", "expires_at": timezone.now() + timedelta(days=1)}
    offers.make_offer(author_id=scene.member.pk, conversation_id=scene.talk.pk, title="A bicycle", **price)
    done: dict[str, Any] = {"conversation": scene.talk, "business": scene.shop, "measured_at": timezone.now()}
    rated = {"score": 5, "comment": "<i>good</i>", "resolved_at": timezone.now()}
    Episode.objects.create(**done, **rated, last_seq=1, agent=scene.member)
    browser = Client()
    browser.force_login(scene.member)
    path = f"/app/c/{scene.talk.pk}"
    assert f'href="{path}/customer"' in browser.get(path).content.decode()
    shown = unescape(browser.get(f"{path}/customer").content.decode())
    for text in ("Carol <b>", "mailto:a%2Bb%40mail.example", "refund", "A bicycle", "€1,299.00", "😄 5/5"):
        assert text in shown
    for text in ("<b>1007</b>", 'href="/orders/1007"', "<i>good</i>", "This could not be loaded."):
        assert text in shown
    german = browser.get(f"{path}/customer", headers={"Accept-Language": "de"}).content.decode()
    assert "Offen" in german
    assert "Öffnen" not in german
    raw = browser.get(f"{path}/customer").content.decode()
    assert "<b>1007" not in raw
    assert "<i>good" not in raw
    for user in (scene.customer, scene.stranger):
        browser.force_login(user)
        assert browser.get(f"{path}/customer").status_code == 404
    browser.force_login(scene.customer)
    assert f"{path}/customer" not in browser.get(path).content.decode()


@pytest.mark.parametrize(
    ("url", "is_good"),
    [
        ("https://shop.example/orders/1", True),
        ("/orders/1", True),
        ("/", True),
        ("//evil.example", False),
        ("/\\evil.example", False),
        ("data:text/html,x", False),
        ("https://shop.example/a b", False),
        ("orders/1", False),
    ],
)
def test_addresses_of_rows(url: str, is_good: bool) -> None:
    shown = CustomerPanel("Orders", [PanelRow("a", "b", url)])
    if is_good:
        assert host_panels._checked(shown) == shown
    else:
        with pytest.raises(ValueError, match="url"):
            host_panels._checked(shown)


def test_a_path_that_leads_nowhere_is_reported(settings: Settings) -> None:
    settings.CHAT_CUSTOMER_PANELS = ("shop.missing.panel", f"{HERE}.orders")
    [found] = [message for message in run_checks(tags=["chatsite"]) if message.id == "chatsite.E009"]
    assert "shop.missing" in found.msg
