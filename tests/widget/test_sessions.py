"""A host's token becomes a login of the chat, for one person of that host and for nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from chatsite.identity.operations import deactivate_user, open_login
from chatsite.realtime import broadcast
from chatsite.realtime.hub import Addressed
from chatsite.widget.models import ExternalIdentity
from conversations import operations as conversations
from conversations.models import Conversation, Membership
from conversations.moderation.erasure import erase_person
from conversations.moderation.exports import export_person
from tests.widget.conftest import Exchange, Shop, api, make_shop, refused, signed


def user_of(answer: Any) -> User:
    return User.objects.get(pk=answer.json()["user"]["id"])


def test_a_token_opens_a_login_and_the_conversation(shop: Shop, exchange: Exchange) -> None:
    answer = exchange(signed(shop, email="ada@example.org"))
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    body = answer.json()
    assert body["user"]["name"] == "Ada Lovelace"
    assert body["conversation"]["businessId"] == str(shop.business.pk)
    assert body["guest"] is None
    client = api()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {body['access']}")
    assert client.get(f"/chat/conversations/{body['conversation']['id']}").status_code == 200
    assert client.get("/auth/me").json()["email"] == "ada@example.org"
    again = api().post("/auth/token/refresh", {"refresh": body["refresh"]}, format="json")
    assert again.status_code == 200


def test_the_conversation_can_wait_for_the_first_message(shop: Shop, exchange: Exchange) -> None:
    def come_in(*, opens: bool) -> Any:
        body = {"token": signed(shop), "openConversation": opens}
        return api().post("/widget/sessions", body, format="json").json()

    first = come_in(opens=False)
    assert first["conversation"] is None
    assert api(shop.owner).get("/chat/conversations").json()["results"] == []
    opened = come_in(opens=True)["conversation"]
    assert come_in(opens=False)["conversation"] == opened


def test_the_account_is_a_visitors(shop: Shop, exchange: Exchange) -> None:
    user = user_of(exchange(signed(shop)))
    assert not user.has_usable_password()
    assert not user.is_staff
    assert not user.is_superuser
    assert ExternalIdentity.objects.get(user=user).subject == "customer-1"


def test_the_same_person_again_is_the_same_user(shop: Shop, exchange: Exchange) -> None:
    first, second = exchange(signed(shop)), exchange(signed(shop))
    assert first.json()["user"]["id"] == second.json()["user"]["id"]
    assert first.json()["conversation"]["id"] == second.json()["conversation"]["id"]
    assert first.json()["refresh"] != second.json()["refresh"]


def test_the_same_id_on_another_site_is_somebody_else(shop: Shop, exchange: Exchange) -> None:
    other = make_shop()
    assert user_of(exchange(signed(shop))) != user_of(exchange(signed(other)))


def test_an_id_that_is_a_username_here_opens_a_new_account(shop: Shop, exchange: Exchange) -> None:
    root = User.objects.create_superuser("root", email="root@example.org")
    user = user_of(exchange(signed(shop, sub="root", name="root", email="root@example.org")))
    assert user != root
    assert not user.is_superuser


def test_the_name_is_updated_and_reported(
    shop: Shop, exchange: Exchange, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    user = user_of(exchange(signed(shop, email="ada@example.org")))
    sent: list[Addressed] = []
    monkeypatch.setattr(broadcast, "broadcast", sent.extend)
    with django_capture_on_commit_callbacks(execute=True):
        exchange(signed(shop, name="Ada King", email=None))
    user.refresh_from_db()
    assert (user.get_full_name(), user.email) == ("Ada King", "ada@example.org")
    told = [event for _, event in sent if event.name == "conversation_updated"]
    assert len(told) == 2
    assert all(b"Ada King" in event.data for event in told)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("  Ada \n\t Lovelace ", "Ada Lovelace"),
        ("Ada\x00\x07\u202eecalevoL", "AdaecalevoL"),
        ("\ud800Ada", "Ada"),
        ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
        ("", "Customer"),
        (None, "Customer"),
        ("x" * 500, "x" * 150),
        ("👩‍🚀 Ada", "👩‍🚀 Ada"),
    ],
)
def test_names(shop: Shop, exchange: Exchange, given: str | None, shown: str) -> None:
    assert exchange(signed(shop, name=given)).json()["user"]["name"] == shown


@pytest.mark.parametrize("email", ["no address", "ada@\ud800.example", "\ud800@example.org"])
def test_a_bad_email_is_named(shop: Shop, exchange: Exchange, email: str) -> None:
    answer = exchange(signed(shop, email=email))
    assert refused(answer) == (400, "invalid")
    assert answer.json()["error"]["details"]["field"] == "email"


def test_an_email_of_254_characters_is_kept_and_a_longer_one_is_invalid(
    shop: Shop, exchange: Exchange
) -> None:
    domain = ".".join(["d" * 61] * 3) + ".example"
    longest = "a" * (254 - len(domain) - 1) + "@" + domain
    answer = exchange(signed(shop, email="a" + longest))
    assert refused(answer) == (400, "invalid")
    assert answer.json()["error"]["details"]["field"] == "email"
    assert user_of(exchange(signed(shop, email=longest))).email == longest


@pytest.mark.parametrize("right", ["is_staff", "is_superuser", "member"])
def test_an_account_that_was_given_rights_is_not_opened(shop: Shop, exchange: Exchange, right: str) -> None:
    user = user_of(exchange(signed(shop)))
    if right == "member":
        Membership.objects.create(business=shop.business, user=user)
    else:
        User.objects.filter(pk=user.pk).update(**{right: True})
    assert refused(exchange(signed(shop))) == (403, "forbidden")


def test_a_suspended_visitor_stays_out(shop: Shop, exchange: Exchange) -> None:
    deactivate_user(user_id=str(user_of(exchange(signed(shop))).pk))
    assert refused(exchange(signed(shop))) == (401, "unauthenticated")


def test_a_disabled_site_lets_nobody_in(shop: Shop, exchange: Exchange) -> None:
    token = signed(shop)
    shop.site.enabled = False
    shop.site.save()
    assert refused(exchange(token)) == (401, "unauthenticated")


def test_a_failure_of_ours_gives_the_token_back(
    shop: Shop, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = signed(shop)
    with monkeypatch.context() as broken:
        broken.setattr("chatsite.identity.operations.open_login", None)
        assert refused(exchange(token)) == (500, "internal")
    assert exchange(token).status_code == 201


def test_a_visitor_can_write_only_to_its_business(shop: Shop, exchange: Exchange) -> None:
    other = make_shop()
    visitor = user_of(exchange(signed(shop)))
    as_customer = api(visitor).post("/chat/conversations", {"businessId": str(other.business.pk)})
    assert refused(as_customer) == (404, "not_found")
    by_member = api(other.owner).post(
        "/chat/conversations", {"businessId": str(other.business.pk), "customerId": str(visitor.pk)}
    )
    assert refused(by_member) == (404, "not_found")
    assert api(visitor).post("/chat/conversations", {"businessId": str(shop.business.pk)}).status_code == 200
    assert Conversation.objects.filter(customer=visitor).count() == 1


def test_others_talk_to_whom_they_like(shop: Shop) -> None:
    customer = User.objects.create(username="customer")
    made = [
        conversations.open_conversation(user_id=customer.pk, business_id=str(one.business.pk))[2]
        for one in (shop, make_shop())
    ]
    assert made == [True, True]


def test_an_export_names_the_identity_and_an_erasure_forgets_it(shop: Shop, exchange: Exchange) -> None:
    user = user_of(exchange(signed(shop)))
    exported = b"".join(export_person(actor=None, user_id=user.pk, reason="asked"))
    assert b'"kind":"widgetIdentity"' in exported.replace(b" ", b"") or b'"subject":"customer-1"' in exported
    erase_person(actor=None, user_id=user.pk, reason="asked")
    assert not ExternalIdentity.objects.filter(user=user).exists()
    assert user_of(exchange(signed(shop))) != user


def test_signing_everybody_out(shop: Shop, exchange: Exchange) -> None:
    body = exchange(signed(shop)).json()
    stranger = User.objects.create(username="stranger")
    untouched = open_login(user_id=str(stranger.pk))
    answer = api(shop.owner).post(f"/widget/sites/{shop.site.pk}/sign-out-visitors")
    assert answer.json() == {"visitors": 1}
    refresh = api().post("/auth/token/refresh", {"refresh": body["refresh"]}, format="json")
    assert refused(refresh) == (401, "unauthenticated")
    assert api().post("/auth/token/refresh", {"refresh": untouched.refresh}, format="json").status_code == 200
