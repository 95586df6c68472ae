"""Owners manage the webhooks of their business over REST."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from conversations.models import Membership
from notifications.webhooks.models import Webhook, WebhookDelivery
from tests.conversations.people import business, client_of, person
from tests.webhooks.conftest import Shop, run_jobs
from tests.webhooks.receiver import Receiver


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def create(shop: Shop, **changes: Any) -> Any:
    body = {"businessId": str(shop.business.pk), "url": "http://127.0.0.1:9/hook", "events": ["*"], **changes}
    return shop.rest().post("/webhooks", body, format="json")


def test_the_secret_is_shown_once(shop: Shop, inside_allowed: None) -> None:
    made = create(shop, description="for the shop").json()
    assert made["secret"].startswith("whsec_")
    shown = shop.rest().get(f"/webhooks/{made['id']}").json()
    assert shown == {name: value for name, value in made.items() if name != "secret"}
    listed = shop.rest().get(f"/webhooks?businessId={shop.business.pk}").json()["results"]
    assert listed == [shown]


@pytest.mark.parametrize(
    "changes",
    [
        {"events": []},
        {"events": ["message.invented"]},
        {"events": ["webhook.test"]},
        {"url": "ftp://example.com/"},
        {"url": "https://user:password@example.com/"},
        {"url": "javascript:alert(1)"},
        {"description": "\x00"},
    ],
)
def test_bad_input_is_refused(shop: Shop, inside_allowed: None, changes: dict[str, Any]) -> None:
    assert refusal(create(shop, **changes)) == (400, "invalid")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "169.254.169.254",
        "10.0.0.1",
        "localhost",
    ],
)
def test_addresses_on_the_inside_are_refused(shop: Shop, settings: Settings, host: str) -> None:
    settings.OUTGOING_ALLOW_NETWORKS = ()
    for scheme in ("http", "https"):
        assert refusal(create(shop, url=f"{scheme}://{host}/")) == (400, "invalid")
    assert not Webhook.objects.exists()


def test_plain_http_is_for_allowed_networks(shop: Shop, inside_allowed: None) -> None:
    assert refusal(create(shop, url="http://93.184.216.34/")) == (400, "invalid")
    assert create(shop, url="http://127.0.0.1:9/").status_code == 201


def test_only_owners(shop: Shop, receiver: Receiver) -> None:
    made = shop.add_webhook(receiver.url)
    agent, stranger = person(), person()
    Membership.objects.create(business=shop.business, user=agent, role=Membership.Role.AGENT)
    business(stranger)
    for user, expected in ((agent, (403, "forbidden")), (stranger, (404, "not_found"))):
        rest = client_of(user)
        for method, path in (
            ("get", f"/webhooks?businessId={shop.business.pk}"),
            ("get", f"/webhooks/{made['id']}"),
            ("patch", f"/webhooks/{made['id']}"),
            ("delete", f"/webhooks/{made['id']}"),
            ("get", f"/webhooks/{made['id']}/deliveries"),
            ("post", f"/webhooks/{made['id']}/test"),
            ("post", f"/webhooks/{made['id']}/rotate"),
            ("post", f"/webhooks/{made['id']}/replay"),
        ):
            assert refusal(getattr(rest, method)(path)) == expected, (method, path)


def test_an_endpoint_of_the_site_is_nobodys(shop: Shop) -> None:
    site = Webhook.objects.create(url="https://example.com/", events=["*"], secret="x")
    assert refusal(shop.rest().get(f"/webhooks/{site.pk}")) == (404, "not_found")


def test_a_business_has_at_most_20(shop: Shop, inside_allowed: None) -> None:
    Webhook.objects.bulk_create(
        Webhook(business=shop.business, url="https://example.com/", events=["*"], secret="x")
        for _ in range(20)
    )
    assert refusal(create(shop)) == (409, "conflict")


def test_the_test_button(shop: Shop, receiver: Receiver) -> None:
    made = shop.add_webhook(receiver.url, "messages.read")
    owed = shop.rest().post(f"/webhooks/{made['id']}/test")
    assert owed.status_code == 202
    assert owed.json()["state"] == "pending"
    run_jobs()
    [received] = receiver.requests
    assert received.event["type"] == "webhook.test"
    [shown] = shop.rest().get(f"/webhooks/{made['id']}/deliveries").json()["results"]
    assert shown["id"] == owed.json()["id"]
    assert shown["eventId"] == received.id
    assert (shown["state"], shown["answer"]["status"]) == ("delivered", 204)


def test_the_log_shows_no_content_and_no_secret(shop: Shop, receiver: Receiver) -> None:
    made = shop.add_webhook(receiver.url + "?token=hidden", "message.created")
    shop.say("private words")
    run_jobs()
    [received] = receiver.requests
    answer = shop.rest().get(f"/webhooks/{made['id']}/deliveries?state=delivered")
    text = answer.content.decode()
    assert received.id in text
    for hidden in ("private words", "hidden", received.headers["webhook-signature"], made["secret"]):
        assert hidden not in text
    assert refusal(shop.rest().get(f"/webhooks/{made['id']}/deliveries?state=x")) == (400, "invalid")


def test_replay_of_one_and_of_a_span(shop: Shop, receiver: Receiver) -> None:
    made = shop.add_webhook(receiver.url, "message.created")
    shop.say("one", "two", "three")
    run_jobs()
    first = WebhookDelivery.objects.order_by("pk")[0]
    replay = f"/webhooks/{made['id']}/replay"
    answer = shop.rest().post(replay, {"deliveryId": str(first.pk)}, format="json")
    assert (answer.status_code, answer.json()) == (202, {"replayed": 1})
    run_jobs()
    assert [one.id for one in receiver.requests[3:]] == [receiver.requests[0].id]
    span = {"from": (timezone.now() - timedelta(hours=1)).isoformat()}
    assert shop.rest().post(replay, span, format="json").json() == {"replayed": 3}
    run_jobs()
    assert [one.id for one in receiver.requests[4:]] == [one.id for one in receiver.requests[:3]]
    for bad in ({}, {"from": "yesterday"}, {"from": "2026-01-01T00:00:00"}):
        assert refusal(shop.rest().post(replay, bad, format="json")) == (400, "invalid")
    for unknown in ("0", "x", "9" * 30):
        answer = shop.rest().post(replay, {"deliveryId": unknown}, format="json")
        assert refusal(answer) == (404, "not_found")


def test_a_disabled_endpoint_is_not_tested_and_not_replayed(shop: Shop, receiver: Receiver) -> None:
    made = shop.add_webhook(receiver.url)
    changed = shop.rest().patch(f"/webhooks/{made['id']}", {"enabled": False}, format="json").json()
    assert changed["disabledReason"] == "by_hand"
    assert refusal(shop.rest().post(f"/webhooks/{made['id']}/test")) == (409, "conflict")
    assert refusal(
        shop.rest().post(f"/webhooks/{made['id']}/replay", {"deliveryId": "1"}, format="json")
    ) == (
        409,
        "conflict",
    )
    shop.say("unheard")
    run_jobs()
    assert receiver.requests == []
