"""The pages of webhooks, bots and API keys let owners do what the API does, without scripts."""

from __future__ import annotations

import html
import ipaddress
import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from chatsite.identity.models import ApiKey
from conversations.models import Business, Membership
from notifications.webhooks.models import Webhook, WebhookDelivery
from tests.conversations.people import business, client_of, person
from tests.web.team_pages import URL, Pages, secret_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def owners(settings: Settings) -> Pages:
    settings.OUTGOING_ALLOW_NETWORKS = (ipaddress.ip_network("127.0.0.0/8"),)
    owner = person()
    return Pages(business(owner), owner)


@pytest.fixture
def agents(owners: Pages) -> Pages:
    agent = person()
    Membership.objects.create(business=owners.shop, user=agent)
    return Pages(owners.shop, agent)


def test_a_webhook_is_added_changed_switched_and_removed(owners: Pages) -> None:
    path, secret = owners.add_webhook()
    assert secret.startswith("whsec_")
    listed = owners.text("webhooks")
    assert "http://127.0.0.1:9/hook" in listed
    assert "our CRM" in listed
    assert secret not in listed + owners.text(path)
    owners.submit(path, form="change", url=URL, events=["*"], description="")
    endpoint = Webhook.objects.get()
    assert (endpoint.events, endpoint.description) == (["*"], "")
    assert owners.text("webhooks").count("All events, also future ones") == 2  # in the list and in the form
    owners.submit(path, form="disable")
    assert "Enable" in owners.text(path)
    assert not Webhook.objects.get().enabled
    owners.submit(path, form="enable")
    assert Webhook.objects.get().enabled
    assert owners.submit(path, form="remove").status_code == 302
    assert not Webhook.objects.exists()
    assert owners.get(path).status_code == 404


def test_a_new_secret_of_a_webhook_is_shown_once(owners: Pages) -> None:
    path, before = owners.add_webhook()
    after = secret_in(owners.submit(path, form="rotate"))
    assert after.startswith("whsec_")
    assert after != before
    assert Webhook.objects.get().previous_secret_until is not None
    assert "whsec_" not in owners.text(path)


def test_deliveries_are_listed_and_one_is_replayed(owners: Pages) -> None:
    path, _secret = owners.add_webhook()
    assert owners.submit(path, form="test").status_code == 302
    row = WebhookDelivery.objects.get()
    assert "webhook.test" in owners.text(path)
    WebhookDelivery.objects.update(state="failed", attempts=3, answer={"status": 503})
    shown = owners.text(path, state="failed")
    for text in ("webhook.test", "Answer 503", "3 attempts"):
        assert text in shown
    assert "webhook.test" not in owners.text(path, state="delivered")
    assert owners.get(path, state="lost").status_code == 400
    assert owners.submit(path, form="replay", delivery=str(row.pk)).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("pending", 0)
    assert owners.submit(path, form="replay", delivery="0").status_code == 404
    Webhook.objects.update(enabled=False)
    for form in ({"form": "test"}, {"form": "replay", "delivery": str(row.pk)}):
        refused = owners.submit(path, **form)
        assert refused.status_code == 409
        assert "Enable it first." in refused.content.decode()
    assert WebhookDelivery.objects.count() == 1


def test_a_bot_is_chosen_to_answer_first(owners: Pages) -> None:
    path = owners.add_bot()
    assert owners.submit(path, form="answers", answersFirst="on").status_code == 302
    assert str(Business.objects.get(pk=owners.shop.pk).first_bot_id) in path
    assert re.search(r'name="answersFirst" checked', owners.text(path))
    owners.submit(path, form="answers")
    assert Business.objects.get(pk=owners.shop.pk).first_bot_id is None


def test_a_span_of_deliveries_is_replayed(owners: Pages) -> None:
    path, _secret = owners.add_webhook()
    owners.submit(path, form="test")
    now = timezone.now()
    WebhookDelivery.objects.update(state="failed", created_at=now - timedelta(hours=2))

    def replay(start: int, end: int | None = None) -> Any:
        times = {"from": start} if end is None else {"from": start, "to": end}
        span = {name: f"{now + timedelta(hours=hours):%Y-%m-%dT%H:%M}" for name, hours in times.items()}
        return owners.submit(path, form="replay-span", **span)

    for before_or_after in ((-5, -3), (-1, 1), (-1, None)):
        assert replay(*before_or_after).status_code == 302
        assert WebhookDelivery.objects.get().state == "failed"
    assert "0 events are delivered again." in owners.text(path)
    assert replay(-3, -1).status_code == 302
    assert WebhookDelivery.objects.get().state == "pending"
    assert "1 event is delivered again." in owners.text(path)
    for bad in ({}, {"from": "then"}, {"from": "2026-02-30T09:00"}, {"from": "2026-01-01T09:00", "to": "x"}):
        refused = owners.submit(path, form="replay-span", **bad)
        assert refused.status_code == 400
        assert "Choose a day and a time." in refused.content.decode()
        assert URL.partition("?")[0] in html.unescape(refused.content.decode())


def test_a_key_acts_until_it_is_revoked(owners: Pages) -> None:
    path = owners.add_bot()
    day = (timezone.now() + timedelta(days=2)).date().isoformat()
    key = secret_in(owners.submit(path, form="key", name="CRM", scopes=["messages:read"], expires=day))
    rest = APIClient()
    rest.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    assert rest.get("/auth/me").status_code == 200
    row = ApiKey.objects.get()
    assert (row.scopes, row.expires_at.date().isoformat()) == (["messages:read"], day)  # type: ignore[union-attr]
    shown = owners.text(path)
    assert row.hint in shown
    assert key not in shown
    assert owners.submit(path, form="revoke", key=str(row.pk)).status_code == 302
    assert rest.get("/auth/me").status_code == 401
    assert "Revoked" in owners.text(path)
    assert owners.submit(path, form="revoke", key="0").status_code == 404


def test_a_bot_is_removed(owners: Pages) -> None:
    path = owners.add_bot()
    assert "Helper" in owners.text("bots")
    assert owners.submit(path, form="remove").status_code == 302
    assert "Helper" not in owners.text("bots")
    assert owners.get(path).status_code == 404


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ({"url": "https://10.0.0.1/", "events": ["*"]}, "url"),
        ({"url": "no address", "events": ["*"]}, "url"),
        ({"url": URL}, "events"),
        ({"url": URL, "events": ["message.invented"]}, "events"),
        ({"url": URL, "events": ["*"], "description": "x" * 201}, "description"),
    ],
)
def test_a_wrong_webhook_is_explained_at_the_field(owners: Pages, entry: dict[str, Any], field: str) -> None:
    path, _secret = owners.add_webhook()
    for page, form in (("webhooks", {}), (path, {"form": "change"})):
        answer = owners.submit(page, **entry, **form)
        text = html.unescape(answer.content.decode())
        assert answer.status_code == (413 if field == "description" else 400)
        assert f'aria-describedby="{field}-error"' in text
        assert f'class="field-error" id="{field}-error"' in text
        assert f'value="{entry["url"]}"' in text
    assert Webhook.objects.get().description == "our CRM"


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        ({"name": " ", "scopes": ["messages:read"]}, "name-error"),
        ({"name": "CRM"}, "scopes-error"),
        ({"name": "CRM", "scopes": ["everything"]}, "scopes-error"),
        ({"name": "CRM", "scopes": ["messages:read"], "expires": "2020-01-01"}, "expires-error"),
        ({"name": "CRM", "scopes": ["messages:read"], "expires": "soon"}, "expires-error"),
    ],
)
def test_a_wrong_key_is_explained_at_the_field(owners: Pages, entry: dict[str, Any], error: str) -> None:
    answer = owners.submit(owners.add_bot(), form="key", **entry)
    text = answer.content.decode()
    assert answer.status_code == 400
    assert f'class="field-error" id="{error}"' in text
    assert f'value="{entry["name"]}"' in text
    assert ('value="messages:read" checked' in text) is ("messages:read" in entry.get("scopes", []))
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("value", ["\x00", "9" * 400, "\u0664", "x" * 5000])
def test_no_value_in_an_address_or_form_is_a_failure(owners: Pages, value: str) -> None:
    webhook, _secret = owners.add_webhook()
    bot = owners.add_bot()
    owners.client.raise_request_exception = False
    endpoint, key = {"url": URL, "events": ["*"]}, {"name": "CRM", "scopes": ["messages:read"]}
    forms: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
        ("webhooks", endpoint, ("url", "events", "description")),
        (webhook, {**endpoint, "form": "change"}, ("url", "events", "description", "form")),
        (webhook, {"form": "replay"}, ("delivery",)),
        ("bots", {}, ("name",)),
        (bot, {**key, "form": "key"}, ("name", "scopes", "expires")),
        (bot, {"form": "revoke"}, ("key",)),
    ]
    for path, entry, names in forms:
        for name in names:
            assert owners.submit(path, **{**entry, name: value}).status_code < 500, (path, name)
    assert owners.get(webhook, state=value).status_code == 400
    assert owners.get("bots/" + "9" * 400).status_code == 404


def test_limits_are_explained(owners: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    path = owners.add_bot()
    for name in ("conversations.bots.operations.MOST_BOTS", "conversations.bots.operations.MOST_KEYS"):
        monkeypatch.setattr(name, 0)
    monkeypatch.setattr("notifications.webhooks.operations.MOST_ENDPOINTS", 0)
    key = {"form": "key", "name": "CRM", "scopes": ["messages:read"]}
    for page, entry in (("bots", {"name": "more"}), (path, key), ("webhooks", {"url": URL, "events": ["*"]})):
        answer = owners.submit(page, **entry)
        assert answer.status_code == 409
        assert "first." in answer.content.decode()


def test_agents_and_strangers_get_the_same_errors_as_from_the_api(owners: Pages, agents: Pages) -> None:
    webhook, _secret = owners.add_webhook()
    bot = owners.add_bot()
    owners.submit(bot, form="key", name="CRM", scopes=["messages:read"])
    [key] = ApiKey.objects.values_list("pk", flat=True)
    strangers = Pages(owners.shop, person())
    business(strangers.user)
    # For the API too, somebody else's bot does not exist, and somebody else's webhook is forbidden.
    for path, of_agents in (("webhooks", 403), (webhook, 403), ("bots", 403), (bot, 404)):
        rest = path.replace("webhooks/", "/webhooks/").replace("bots/", "/bots/")
        address = f"{rest}/keys" if path == bot else rest if path == webhook else f"/{path}"
        for pages, status in ((agents, of_agents), (strangers, 404)):
            asked = client_of(pages.user).get(address, {"businessId": str(owners.shop.pk)})
            assert asked.status_code == status
            shown = pages.get(path)
            assert shown.status_code == status
            assert ("Only an owner of the business" in shown.content.decode()) == (status == 403)
            for form in ("change", "test", "rotate", "disable", "remove", "replay", "key", "revoke"):
                entry = {"url": URL, "events": ["*"], "name": "x", "scopes": ["messages:read"]}
                assert pages.submit(path, form=form, key=str(key), **entry).status_code == status
    endpoint = Webhook.objects.get()
    assert (endpoint.enabled, endpoint.events, endpoint.previous_secret) == (True, ["message.created"], "")
    assert ApiKey.objects.get().revoked_at is None
    assert Membership.objects.filter(is_bot=True).count() == 1
    assert not WebhookDelivery.objects.exists()


def test_the_address_names_the_right_business(owners: Pages) -> None:
    webhook, _secret = owners.add_webhook()
    bot = owners.add_bot()
    other = Pages(business(owners.user), owners.user)
    for path in (webhook, bot):
        assert other.get(path).status_code == 404
        assert other.submit(path, form="remove").status_code == 404
        assert owners.get(path).status_code == 200


def test_the_settings_lead_owners_there(owners: Pages, agents: Pages) -> None:
    for name in ("webhooks", "bots"):
        assert f"/app/team/{owners.shop.pk}/{name}" in owners.text("settings")
        assert f"/app/team/{owners.shop.pk}/{name}" not in agents.text("settings")
