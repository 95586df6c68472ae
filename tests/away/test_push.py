"""A push is encrypted for one browser, small and signed by VAPID. It stops with its subscription."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.management import call_command
from pytest_django import Settings
from rest_framework.test import APIClient

from chatsite.background.jobs import RetryLater
from notifications.delivery.escalation_check import check_due
from notifications.delivery.models import BusinessNotificationSettings, Notice, PushSubscription
from notifications.delivery.push import base64url, encryption, sending
from notifications.delivery.push.vapid import new_private_key, public_key_of
from tests.away.conftest import Shop
from tests.away.post_office import Browser, PushService


def test_the_example_of_rfc_8291() -> None:
    """The example is in section 5 and appendix A of the RFC."""
    private = int.from_bytes(base64url.decode("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")
    encrypted = encryption.encrypt(
        b"When I grow up, I want to be a watermelon",
        browser_key=base64url.decode(
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
        ),
        auth_secret=base64url.decode("BTBZMqHH6r4Tts7J_aSIgg"),
        salt=base64url.decode("DGv6ra1nlYgDCS1FRnbzlw"),
        own_key=ec.derive_private_key(private, ec.SECP256R1()),
    )
    assert base64url.encode(encrypted) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8w"
        "EqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_a_push_has_the_headers_that_push_services_require(
    shop: Shop, push_service: PushService, settings: Settings
) -> None:
    browser = shop.subscribed(shop.carol, push_service)
    shop.say(shop.amir, "Hello")
    shop.pass_seconds(11)
    [(_, headers, body)] = push_service.requests
    assert headers["content-encoding"] == "aes128gcm"
    assert int(headers["ttl"]) > 0
    assert len(headers["topic"]) == 32
    scheme, token, key = headers["authorization"].replace(",", "").split()
    assert (scheme, key) == ("vapid", f"k={public_key_of(settings.VAPID_PRIVATE_KEY)}")
    public = encryption.public_key(base64url.decode(key[2:]))
    claims = jwt.decode(token[2:], public, algorithms=["ES256"], audience=browser.endpoint.rpartition("/")[0])
    assert claims["sub"] == "mailto:chat@chat.example"
    assert browser.decrypt(body)["url"] == f"/app/c/{shop.conversation.pk}"


def test_each_push_service_gets_its_own_audience(
    shop: Shop, push_service: PushService, settings: Settings
) -> None:
    """pywebpush reuses the audience of the first service."""
    from django.utils import timezone

    from notifications.delivery.push.vapid import authorization

    audiences = set()
    for host in ("https://one.example", "https://two.example"):
        token = authorization(f"{host}/x", timezone.now()).split("t=")[1].split(",")[0]
        audiences.add(jwt.decode(token, options={"verify_signature": False})["aud"])
    assert audiences == {"https://one.example", "https://two.example"}


def test_the_longest_message_fits(shop: Shop, push_service: PushService) -> None:
    browser = shop.subscribed(shop.carol, push_service)
    shop.say(shop.amir, "😀" * 8_000)
    shop.pass_seconds(11)
    assert len(push_service.requests[0][2]) < 3_200
    assert push_service.pushes(browser)[0]["body"].endswith("…")


def test_control_characters_fit_too(shop: Shop, push_service: PushService) -> None:
    """JSON writes each of them with six bytes."""
    shop.business.name = "\x01" * 200
    shop.business.save()
    browser = shop.subscribed(shop.carol, push_service)
    shop.say(shop.amir, "\x01" * 2_000 + "Hello")
    shop.pass_seconds(11)
    [push] = push_service.pushes(browser)
    assert push["title"] == "Chat"
    shop.say(shop.amir, "A\x07larm 👩‍🚀")
    shop.clock.pass_seconds(11)
    shop.work()
    assert push_service.pushes(browser)[-1]["body"] == "A larm 👩‍🚀"


def test_a_business_can_keep_the_content_out(shop: Shop, push_service: PushService) -> None:
    BusinessNotificationSettings.objects.create(business=shop.business, push_content=False)
    browser = shop.subscribed(shop.carol, push_service)
    shop.say(shop.amir, "A secret")
    shop.pass_seconds(11)
    [push] = push_service.pushes(browser)
    assert "secret" not in str(push)
    assert push["body"] == "1 new message"


def test_one_push_for_a_burst(shop: Shop, push_service: PushService) -> None:
    browser = shop.subscribed(shop.carol, push_service)
    for number in range(5):
        shop.say(shop.amir, f"Line {number}")
    shop.pass_seconds(11)
    shop.pass_seconds(11)
    assert [push["body"] for push in push_service.pushes(browser)] == ["Line 4"]


def test_every_browser_of_a_person_gets_one(shop: Shop, push_service: PushService) -> None:
    phone, desk = (shop.subscribed(shop.carol, push_service, name) for name in ("phone", "desk"))
    shop.say(shop.amir, "Hello")
    shop.pass_seconds(11)
    assert len(push_service.pushes(phone)) == len(push_service.pushes(desk)) == 1


@pytest.mark.parametrize("status", [404, 410])
def test_a_subscription_that_is_gone_is_removed(shop: Shop, push_service: PushService, status: int) -> None:
    shop.subscribed(shop.carol, push_service)
    push_service.status = status
    shop.say(shop.amir, "Hello")
    shop.pass_seconds(11)
    assert not PushSubscription.objects.exists()
    assert shop.decisions(shop.carol) == [("push", "failed", "gone")]


@pytest.mark.parametrize("status", [429, 503])
def test_a_push_service_that_is_busy_gets_it_later(
    shop: Shop, push_service: PushService, status: int
) -> None:
    browser = shop.subscribed(shop.carol, push_service)
    push_service.status, push_service.headers = status, {"Retry-After": "17"}
    shop.say(shop.amir, "One")
    shop.pass_seconds(11)
    shop.say(shop.amir, "Two")
    shop.pass_seconds(11)
    [notice] = Notice.objects.filter(state="pending")
    with pytest.raises(RetryLater) as raised:
        sending.deliver(str(notice.pk), shop.clock.now)
    assert raised.value.seconds == 17
    push_service.status = 201
    shop.work()
    assert [push["body"] for push in push_service.pushes(browser)] == ["Two"]


def test_a_push_service_that_is_down_gets_the_latest_message_later_and_once(
    shop: Shop, push_service: PushService
) -> None:
    browser = shop.subscribed(shop.carol, push_service)
    push_service.close()
    shop.say(shop.amir, "One")
    shop.pass_seconds(11)
    shop.say(shop.amir, "Two")
    shop.pass_seconds(11)
    assert shop.decisions(shop.carol) == [("push", "pending", "")]
    push_service.start()
    shop.work()
    shop.work()
    assert [push["body"] for push in push_service.pushes(browser)] == ["Two"]


def test_a_push_that_a_killed_worker_left_behind_is_not_sent_twice(
    shop: Shop, push_service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*args: object, **kwargs: object) -> None:
        raise Killed

    shop.subscribed(shop.carol, push_service)
    shop.say(shop.amir, "Hello")
    with monkeypatch.context() as patched:
        patched.setattr(sending, "_settle", die)  # the push has been sent, but not recorded
        with pytest.raises(Killed):
            shop.pass_seconds(11)
    shop.work()
    assert len(push_service.requests) == 1
    assert shop.decisions(shop.carol) == [("push", "unknown", "interrupted")]


@pytest.mark.parametrize(
    ("status", "pushed", "decisions"),
    [(201, ["One", "Two"], ["sent", "sent"]), (503, ["Two"], ["replaced", "sent"])],
)
def test_a_message_during_the_request_of_a_push_gets_its_own(
    shop: Shop,
    push_service: PushService,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    pushed: list[str],
    decisions: list[str],
) -> None:
    browser = shop.subscribed(shop.carol, push_service)
    shop.say(shop.amir, "One")

    def slow(*args: Any) -> Any:
        patched.undo()
        shop.say(shop.amir, "Two")
        shop.clock.pass_seconds(11)
        check_due(shop.clock.now)
        push_service.status = status
        answer = sending.post_content(*args)
        push_service.status = 201
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(sending, "post_content", slow)
        shop.pass_seconds(11)
    shop.work()
    assert [push["body"] for push in push_service.pushes(browser)] == pushed
    assert [reason for _, _, reason in shop.decisions(shop.carol)] == decisions


def subscribe(user: object, subscription: dict[str, object]) -> int:
    client = APIClient()
    client.force_authenticate(user)  # type: ignore[arg-type]
    answer = client.post("/push/subscriptions", subscription, format="json")
    return answer.status_code


def test_a_browser_subscribes_over_rest(shop: Shop, push_service: PushService) -> None:
    browser = push_service.browser("carol")
    assert subscribe(shop.carol, browser.subscription) == 201
    assert subscribe(shop.carol, browser.subscription) == 201
    assert PushSubscription.objects.count() == 1
    assert subscribe(shop.amir, browser.subscription) == 201  # another person signs in there
    assert PushSubscription.objects.get().user == shop.amir


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example/x",
        "https://localhost/x",
        "https://10.0.0.1/x",
        "https://[::1]/x",
        "file:///etc",
        "",
    ],
)
def test_an_endpoint_on_the_inside_is_refused(
    shop: Shop, push_service: PushService, settings: Settings, endpoint: str
) -> None:
    settings.OUTGOING_ALLOW_NETWORKS = []
    assert subscribe(shop.carol, {**Browser(endpoint).subscription}) == 400
    assert not PushSubscription.objects.exists()


@pytest.mark.parametrize("keys", [{"p256dh": "AAAA", "auth": "AAAA"}, {"p256dh": "ä", "auth": "x"}, {}])
def test_bad_keys_are_refused(shop: Shop, push_service: PushService, keys: dict[str, str]) -> None:
    assert subscribe(shop.carol, {"endpoint": push_service.browser("x").endpoint, "keys": keys}) == 400


def test_somebody_elses_subscription_cannot_be_ended(shop: Shop, push_service: PushService) -> None:
    shop.subscribed(shop.carol, push_service)
    client = APIClient()
    client.force_authenticate(shop.amir)
    path = f"/push/subscriptions/{PushSubscription.objects.get().pk}"
    assert client.delete(path).status_code == 404
    client.force_authenticate(shop.carol)
    assert client.delete(path).status_code == 204


def test_the_command_makes_a_key(capsys: pytest.CaptureFixture[str], settings: Settings) -> None:
    call_command("vapid_keys")
    key = capsys.readouterr().out.splitlines()[0].removeprefix("VAPID_PRIVATE_KEY=")
    assert len(base64url.decode(public_key_of(key))) == 65
    assert new_private_key() != key
