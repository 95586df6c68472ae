"""The page of notification settings works without scripts. Browsers can fetch the files that show pushes."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from conversations.models import Business, Conversation, Membership
from conversations.own_state.operations import arrange_conversation
from notifications.delivery.models import Notice, NotificationSettings, PushSubscription
from notifications.delivery.push.vapid import new_private_key, public_key_of

pytestmark = pytest.mark.django_db
PAGE = "/app/notification-settings"
FORM = {"push": "after", "email": "off", "afterMinutes": "30", "timezone": "Asia/Tokyo", "locale": "de"}
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def carol(settings: Settings) -> User:
    settings.VAPID_PRIVATE_KEY = new_private_key()
    return User.objects.create(username="carol", email="carol@mail.example")


@pytest.fixture
def talk(carol: User) -> Conversation:
    shop = Business.objects.create(name="Flora's Flowers", slug="flora")
    Membership.objects.create(business=shop, user=User.objects.create(username="olivia"))
    return Conversation.objects.create(business=shop, customer=carol)


def signed_in(user: User) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return client


def submit(client: Client, path: str, **form: str) -> Any:
    token = client.get("/app/form-token").json()["csrfToken"]
    return client.post(path, {**form, "csrfmiddlewaretoken": token})


def text_of(page: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page.content.decode()).split())


def test_the_form_sets_the_same_as_the_api(carol: User) -> None:
    client = signed_in(carol)
    quiet = {"quiet": "on", "quietFrom": "21:30", "quietTo": "06:15:00"}
    assert submit(client, PAGE, **FORM, **quiet).status_code == 302
    assert client.get("/me/notification-settings").json() == {
        "email": {"unread": "off", "afterMinutes": 30},
        "push": {"unread": "after", "content": False},
        "quietHours": {"from": "21:30", "to": "06:15"},
        "timezone": "Asia/Tokyo",
        "locale": "de",
    }
    page = client.get(PAGE).content.decode()
    assert "<option selected>Asia/Tokyo</option>" in page
    assert 'value="21:30"' in page
    night = '"quietHours": {"from": "21:30", "to": "06:15", "timezone": "Asia/Tokyo"}'
    assert night in client.get("/app/").content.decode()  # the page makes no sound then
    submit(client, PAGE, **{**FORM, "push": "", "email": "", "afterMinutes": "", "pushContent": "on"})
    again = client.get("/me/notification-settings").json()
    assert (again["email"], again["push"]) == (
        {"unread": None, "afterMinutes": None},
        {"unread": None, "content": True},
    )
    assert again["quietHours"] is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"afterMinutes": "0"},
        {"afterMinutes": "soon"},
        {"timezone": "Mars/Olympus"},
        {"push": "loud"},
        {"quiet": "on", "quietFrom": "25:00", "quietTo": "07:00"},
        {"quiet": "on", "quietFrom": "07:00", "quietTo": "07:00"},
    ],
)
def test_a_wrong_entry_changes_nothing_and_is_named(carol: User, wrong: dict[str, str]) -> None:
    answer = submit(signed_in(carol), PAGE, **{**FORM, **wrong})
    assert answer.status_code == 400
    assert "check your entries" in text_of(answer)
    assert not NotificationSettings.objects.exists()


def test_only_the_owner_lists_and_removes_devices(carol: User) -> None:
    row = PushSubscription.objects.create(
        user=carol, endpoint="https://push.example/1", endpoint_digest="1", device=FIREFOX
    )
    assert "Firefox, Windows" in text_of(signed_in(carol).get(PAGE))
    stranger = signed_in(User.objects.create(username="eve"))
    assert "Firefox, Windows" not in text_of(stranger.get(PAGE))
    for client, left in ((stranger, 1), (signed_in(carol), 0), (signed_in(carol), 0)):
        assert submit(client, f"{PAGE}/devices/{row.pk}/remove").status_code == 302
        assert PushSubscription.objects.count() == left


def test_muted_conversations_are_listed_and_unmuted(carol: User, talk: Conversation) -> None:
    arrange_conversation(
        user_id=carol.pk, conversation_id=talk.pk, muted_until=timezone.now() + timedelta(hours=1)
    )
    client = signed_in(carol)
    assert "Flora&#x27;s Flowers Until" in text_of(client.get(PAGE))
    assert submit(client, f"{PAGE}/muted/{talk.pk}/unmute").status_code == 302
    assert "Flora" not in text_of(client.get(PAGE))
    stranger = signed_in(User.objects.create(username="eve"))
    assert submit(stranger, f"{PAGE}/muted/{talk.pk}/unmute").status_code == 404


def test_the_page_says_why_and_names_no_conversation_that_one_has_left(
    carol: User, talk: Conversation
) -> None:
    olivia = User.objects.get(username="olivia")
    for user, reason in ((carol, "read"), (olivia, "muted")):
        Notice.objects.create(
            user=user, channel="push", conversation=talk, state=Notice.State.SKIPPED, reason=reason
        )
    assert "Flora&#x27;s Flowers You had read everything." in text_of(signed_in(carol).get(PAGE))
    assert "carol You have muted the conversation." in text_of(signed_in(olivia).get(PAGE))
    Membership.objects.filter(user=olivia).delete()
    assert "carol" not in text_of(signed_in(olivia).get(PAGE))


def test_the_service_worker_is_revalidated_and_handles_no_requests(client: Client) -> None:
    answer = client.get("/app/push-worker.js")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert answer["Cache-Control"] == "no-cache"
    assert "Service-Worker-Allowed" not in answer
    assert b'"fetch"' not in answer.content
    assert b"caches" not in answer.content.replace(b"It caches", b"")


def test_the_manifest_and_its_icons(client: Client) -> None:
    manifest = client.get("/app/manifest.webmanifest").json()
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == ("/app", "/app", "standalone")
    assert [icon.get("purpose", "any") for icon in manifest["icons"]] == ["any", "any", "maskable"]
    german = client.get("/app/manifest.webmanifest", headers={"Accept-Language": "de"})
    assert german.json()["lang"] == "de"
    for icon in manifest["icons"]:
        with Image.open(str(finders.find(icon["src"].removeprefix("/static/")))) as image:
            assert (image.format, icon["sizes"]) == ("PNG", f"{image.width}x{image.height}")
    assert client.get("/app/icon-badge.png")["Location"].endswith("badge.png")
    assert client.get("/app/icon-7.png").status_code == 404


def test_the_page_has_the_key_and_the_form_token_needs_a_login(carol: User, settings: Settings) -> None:
    assert (
        f'"key": "{public_key_of(settings.VAPID_PRIVATE_KEY)}"'
        in signed_in(carol).get("/app").content.decode()
    )
    assert Client().get("/app/form-token").status_code == 302
    settings.VAPID_PRIVATE_KEY = ""
    page = signed_in(carol).get(PAGE)
    assert '"key": ""' in page.content.decode()
    assert "does not send notifications" in text_of(page)
