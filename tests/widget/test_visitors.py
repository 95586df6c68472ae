"""Members see what a visitor's host, form and page tell about them."""

from __future__ import annotations

from typing import Any

import pytest

from chatsite.widget.models import ExternalIdentity
from chatsite.widget.visitors import ANSWER_LENGTH
from conversations.moderation.exports import export_person
from tests.conversations.people import person
from tests.widget.conftest import SHOP, Exchange, Shop, api, make_shop, refused, signed

PAGE = f"{SHOP}/bicycles/7"


def panel(shop: Shop, session: Any) -> Any:
    return api(shop.owner).get(f"/chat/conversations/{session['conversation']['id']}/customer").json()


def visitor_of(session: Any) -> Any:
    client = api()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {session['access']}")
    return client


def guest(shop: Shop, **given: Any) -> Any:
    body = {"business": shop.business.slug, **given}
    answer = api().post("/widget/guest-sessions", body, format="json")
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_attributes_of_the_token_are_shown_and_replaced(shop: Shop, exchange: Exchange) -> None:
    first = {"plan": "gold", "seats": 3, "paid": True, "note": None, "z": "<b>"}
    session = exchange(signed(shop, attributes=first)).json()
    shown = panel(shop, session)
    assert shown["externalId"] == "customer-1"
    assert [(one["name"], one["value"]) for one in shown["attributes"]] == [
        ("plan", "gold"),
        ("seats", "3"),
        ("paid", "true"),
        ("z", "<b>"),
    ]
    exchange(signed(shop))  # a token without the claim
    assert panel(shop, session)["attributes"] == shown["attributes"]
    exchange(signed(shop, attributes={"plan": "silver"}))
    assert panel(shop, session)["attributes"] == [{"name": "plan", "value": "silver"}]
    exchange(signed(shop, attributes={}))
    assert panel(shop, session)["attributes"] == []


@pytest.mark.parametrize(
    "attributes",
    [
        {str(n): n for n in range(31)},
        {"n" * 61: 1},
        {" ": 1},
        {"a": "x" * 301},
        {"a": 10**300},
        {"a": ["list"]},
        {"a": {"b": 1}},
        {"a": "\x00"},
        "gold",
    ],
)
def test_attributes_that_cannot_be_shown_are_refused(shop: Shop, exchange: Exchange, attributes: Any) -> None:
    assert refused(exchange(signed(shop, attributes=attributes))) == (401, "unauthenticated")


def test_the_page_is_kept_without_its_secrets(shop: Shop, exchange: Exchange) -> None:
    session = exchange(signed(shop)).json()
    body = {"url": f"{PAGE}?token=secret#top", "title": "Bicycles\x00 for all"}
    assert visitor_of(session).put("/widget/page", body, format="json").status_code == 204
    page = panel(shop, session)["page"]
    assert (page["url"], page["title"]) == (PAGE, "Bicycles for all")
    assert page["seenAt"]


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "https://shop.example.evil.example/",
        "https://shop.example@evil.example/",
        "javascript:alert(1)",
        "http://shop.example/",
        "https://*.example/",
        f"{SHOP}/{'x' * 600}",
        "nonsense",
        "",
    ],
)
def test_a_page_elsewhere_is_refused(shop: Shop, exchange: Exchange, url: str) -> None:
    session = exchange(signed(shop)).json()
    assert refused(visitor_of(session).put("/widget/page", {"url": url}, format="json")) == (400, "invalid")
    assert panel(shop, session)["page"] is None


def test_only_visitors_have_a_page(shop: Shop) -> None:
    for user in (shop.owner, person()):
        assert refused(api(user).put("/widget/page", {"url": PAGE}, format="json")) == (404, "not_found")
    assert refused(api().put("/widget/page", {"url": PAGE}, format="json")) == (401, "unauthenticated")


@pytest.mark.django_db
def test_a_guest_answers_the_form_of_the_business() -> None:
    shop = make_shop(guests_allowed=True, asks_first=True, form_question="What is it about?")
    session = guest(shop, name="Robin", answer="A <b>flat</b> tyre")
    shown = panel(shop, session)
    assert shown["answers"] == [{"name": "What is it about?", "value": "A <b>flat</b> tyre"}]
    assert shown["externalId"] is None  # a hash of the key
    guest(shop, guest=session["guest"], answer="Two flat tyres")
    assert [one["value"] for one in panel(shop, session)["answers"]] == ["Two flat tyres"]
    long = {"business": shop.business.slug, "answer": "x" * (ANSWER_LENGTH + 1)}
    assert refused(api().post("/widget/guest-sessions", long, format="json")) == (413, "too_large")


@pytest.mark.django_db
def test_an_answer_to_no_question_is_dropped() -> None:
    shop = make_shop(guests_allowed=True)
    session = guest(shop, answer="Nobody has asked")
    assert panel(shop, session)["answers"] == []


def test_a_person_gets_in_an_export_what_is_known(shop: Shop, exchange: Exchange) -> None:
    session = exchange(signed(shop, attributes={"plan": "gold"})).json()
    visitor_of(session).put("/widget/page", {"url": PAGE}, format="json")
    exported = b"".join(export_person(actor=None, user_id=int(session["user"]["id"]), reason="asked"))
    assert b"gold" in exported
    assert PAGE.encode() in exported
    assert ExternalIdentity.objects.count() == 1


def test_owners_set_the_form(shop: Shop) -> None:
    path = f"/widget/sites/{shop.site.pk}"
    client = api(shop.owner)
    body = {"asksFirst": True, "formQuestion": "  Your  order number? "}
    changed = client.patch(path, body, format="json").json()
    assert (changed["asksFirst"], changed["formQuestion"]) == (True, "Your order number?")
    frame = api().get(f"/widget/frame/{shop.business.slug}").content.decode()
    assert "Your order number?" in frame
    assert client.patch(path, {"formQuestion": "x" * 201}, format="json").status_code == 413
    client.patch(path, {"asksFirst": False}, format="json")
    assert "Your order number?" not in api().get(f"/widget/frame/{shop.business.slug}").content.decode()
