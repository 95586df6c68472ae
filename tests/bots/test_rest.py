"""Owners manage bots and keys over REST. Each key allows what its scopes name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from chatsite.errors import DomainError
from chatsite.identity.models import ApiKey
from chatsite.realtime.user_limit import user_buckets
from conversations.membership import add_member
from conversations.models import ChatMessage, Membership
from tests.conversations.people import business, client_of, conversation, person, say

pytestmark = pytest.mark.django_db

EVERYTHING = ["contacts:read", "conversations:write", "messages:read", "messages:write"]


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


class Scene:
    def __init__(self) -> None:
        self.owner, self.customer = person(), person()
        self.shop = business(self.owner)
        self.where = conversation(self.shop, self.customer)
        body = {"businessId": str(self.shop.pk), "name": "Helper"}
        self.bot = client_of(self.owner).post("/bots", body, format="json").json()

    def make_key(self, *scopes: str, **more: Any) -> Any:
        body = {"name": "a key", "scopes": list(scopes or EVERYTHING), **more}
        return client_of(self.owner).post(f"/bots/{self.bot['id']}/keys", body, format="json")

    def rest(self, key: str) -> APIClient:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
        return client

    def send(self, key: str) -> Any:
        return self.rest(key).post(f"/chat/conversations/{self.where.pk}/messages", {"content": "beep"})


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_bot_writes_as_a_bot(scene: Scene) -> None:
    key = scene.make_key().json()["key"]
    say(scene.where, scene.customer, ["hello"])
    sent = scene.send(key)
    assert sent.status_code == 201
    assert (sent.json()["senderKind"], sent.json()["senderSide"]) == ("bot", "business")
    assert sent.json()["senderId"] == scene.bot["id"]
    page = client_of(scene.customer).get(f"/chat/conversations/{scene.where.pk}/messages").json()
    assert [row["senderKind"] for row in page["results"]] == ["person", "bot"]


def test_a_key_is_shown_once_and_stored_as_a_digest(scene: Scene) -> None:
    made = scene.make_key().json()
    assert made["key"].startswith("bck_")
    listed = client_of(scene.owner).get(f"/bots/{scene.bot['id']}/keys")
    assert made["key"] not in listed.content.decode()
    assert made["key"] not in str(ApiKey.objects.values().get())
    assert [row["id"] for row in listed.json()["results"]] == [made["id"]]


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("get", "/chat/conversations", "messages:read"),
        ("get", "/chat/conversations/{where}/messages", "messages:read"),
        ("get", "/chat/search?q=hello", "messages:read"),
        ("get", "/chat/unread-count", "messages:read"),
        ("post", "/chat/conversations/{where}/messages", "messages:write"),
        ("patch", "/chat/conversations/{where}/read", "messages:write"),
        ("get", "/chat/conversations/{where}/people", "contacts:read"),
        ("get", "/presence?userIds=1", "contacts:read"),
        ("patch", "/chat/conversations/{where}", "conversations:write"),
        ("get", "/chat/conversations/{where}/team", "messages:read"),
        ("post", "/chat/conversations/{where}/hand-over", "conversations:write"),
    ],
)
def test_each_scope_allows_only_its_own_requests(scene: Scene, method: str, path: str, scope: str) -> None:
    bodies = {"post": {"content": "beep"}, "patch": {"archived": True}}
    where = path.format(where=scene.where.pk)
    for scopes, is_allowed in (([scope], True), ([one for one in EVERYTHING if one != scope], False)):
        key = scene.make_key(*scopes).json()["key"]
        answer = getattr(scene.rest(key), method)(where, bodies.get(method), format="json")
        assert (answer.status_code < 300) is is_allowed, answer.content
        if not is_allowed:
            assert refusal(answer) == (403, "forbidden")
            assert scope in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/notifications"),
        ("get", "/webhooks?businessId={shop}"),
        ("post", "/bots"),
        ("get", "/bots?businessId={shop}"),
        ("post", "/auth/ws-ticket"),
        ("post", "/chat/reports"),
        ("get", "/team/invitations"),
        ("patch", "/chat/conversations/{where}/team"),
        ("get", "/offers?conversationId={where}"),
    ],
)
def test_a_view_without_a_scope_accepts_no_key(scene: Scene, method: str, path: str) -> None:
    key = scene.make_key().json()["key"]
    answer = getattr(scene.rest(key), method)(path.format(shop=scene.shop.pk, where=scene.where.pk))
    assert refusal(answer) == (403, "forbidden")


def test_revoked_expired_and_invented_keys_end(scene: Scene) -> None:
    made = scene.make_key().json()
    assert scene.rest(made["key"]).get("/auth/me").status_code == 200
    path = f"/bots/{scene.bot['id']}/keys/{made['id']}"
    assert client_of(scene.owner).delete(path).status_code == 204
    assert client_of(scene.owner).delete(path).status_code == 204
    dated = scene.make_key(expiresAt=(timezone.now() + timedelta(hours=1)).isoformat()).json()["key"]
    assert scene.rest(dated).get("/auth/me").status_code == 200
    ApiKey.objects.update(expires_at=timezone.now())
    for key in (made["key"], dated, "bck_invented", "bck_"):
        assert refusal(scene.rest(key).get("/auth/me")) == (401, "unauthenticated")


def test_the_last_use_is_noted_to_the_minute(scene: Scene) -> None:
    key = scene.make_key().json()["key"]
    scene.send(key)
    used = ApiKey.objects.get().last_used_at
    assert used is not None
    scene.send(key)
    assert ApiKey.objects.get().last_used_at == used
    ApiKey.objects.update(last_used_at=used - timedelta(minutes=2))
    scene.send(key)
    again = ApiKey.objects.get().last_used_at
    assert again is not None
    assert again > used - timedelta(minutes=1)


def test_a_removed_bot_is_gone(scene: Scene) -> None:
    key = scene.make_key().json()["key"]
    scene.send(key)
    assert client_of(scene.owner).delete(f"/bots/{scene.bot['id']}").status_code == 204
    assert refusal(scene.send(key)) == (401, "unauthenticated")
    assert ChatMessage.objects.get().sender_kind == "bot"
    assert not User.objects.get(pk=scene.bot["id"]).is_active


def test_bots_belong_to_one_business(scene: Scene) -> None:
    key = scene.make_key().json()["key"]
    elsewhere = conversation(business(person()))
    answer = scene.rest(key).get(f"/chat/conversations/{elsewhere.pk}")
    assert refusal(answer) == (404, "not_found")


def test_only_owners(scene: Scene) -> None:
    agent, stranger = person(), person()
    Membership.objects.create(business=scene.shop, user=agent, role=Membership.Role.AGENT)
    business(stranger)
    body = {"businessId": str(scene.shop.pk), "name": "Mine"}
    assert refusal(client_of(agent).post("/bots", body, format="json")) == (403, "forbidden")
    assert refusal(client_of(stranger).post("/bots", body, format="json")) == (404, "not_found")
    for user in (agent, stranger):
        for method, path in (("get", "keys"), ("post", "keys"), ("delete", "keys/1"), ("delete", "")):
            address = f"/bots/{scene.bot['id']}/{path}".rstrip("/")
            answer = getattr(client_of(user), method)(
                address, {"name": "x", "scopes": EVERYTHING}, format="json"
            )
            assert refusal(answer) == (404, "not_found"), address


@pytest.mark.parametrize(
    "changes", [{"scopes": []}, {"scopes": ["admin"]}, {"name": ""}, {"expiresAt": "2020-01-01T00:00:00Z"}]
)
def test_bad_keys_are_refused(scene: Scene, changes: dict[str, Any]) -> None:
    body = {"name": "a key", "scopes": EVERYTHING, **changes}
    answer = client_of(scene.owner).post(f"/bots/{scene.bot['id']}/keys", body, format="json")
    assert refusal(answer) == (400, "invalid")


def test_a_key_has_a_limit_of_its_own(
    scene: Scene, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = scene.make_key().json()["key"], scene.make_key().json()["key"]
    monkeypatch.setattr(user_buckets, "_users", {})  # ids of keys come again after a test
    monkeypatch.setattr(user_buckets, "burst", 5.0)
    monkeypatch.setattr(user_buckets, "rate", 0.01)
    codes = [scene.rest(first).get("/auth/me").status_code for _ in range(8)]
    assert codes == sorted(codes)
    assert {codes[4], codes[-1]} == {200, 429}
    assert scene.rest(second).get("/auth/me").status_code == 200


def test_a_bot_becomes_neither_owner_nor_member_elsewhere(scene: Scene) -> None:
    bot = Membership.objects.get(user_id=scene.bot["id"])
    elsewhere = business(person())
    for business_id, role in ((scene.shop.pk, "owner"), (elsewhere.pk, "agent")):
        with pytest.raises(DomainError, match="bot"):
            add_member(business_id=business_id, user_id=bot.user_id, role=role)
    bot.refresh_from_db()
    assert (bot.role, bot.is_bot) == ("agent", True)
    assert not elsewhere.memberships.filter(user_id=bot.user_id).exists()


def test_scopes_are_bounded_and_stored_once(scene: Scene) -> None:
    assert scene.make_key("messages:read", "messages:read").json()["scopes"] == ["messages:read"]
    assert refusal(scene.make_key(*["messages:read"] * 1000)) == (400, "invalid")
