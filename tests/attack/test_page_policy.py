"""Every page has a strict content security policy, and all pages, including those of packages, work with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from csp.decorators import csp_replace
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from chatsite.http.security_headers import SecurityHeaders
from conversations import operations
from conversations.models import Business
from conversations.requests import SendBody
from tests.attack.pages import Page, parsed_policy

pytestmark = pytest.mark.fleet

STRICT = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
    "connect-src": ["'self'", "ws://testserver"],
}


@pytest.fixture
def staff(client: Client, admin_user: User) -> Client:
    client.force_login(admin_user)
    return client


@pytest.fixture
def conversation_id(admin_user: User) -> str:
    """Provide a conversation, and a row of everything that has a page."""
    business = Business.objects.create(name="Northwind", slug="northwind")
    conversation, _, _ = operations.open_conversation(user_id=admin_user.pk, business_id=str(business.pk))
    operations.send_message(
        sender_id=admin_user.pk,
        conversation_id=str(conversation.pk),
        body=SendBody(content='<script>alert(1)</script><img src=x onerror="alert(2)" style="color: red">'),
    )
    return str(conversation.pk)


def admin_pages() -> Iterator[str]:
    yield from (reverse("admin:index"), reverse("admin:password_change"), reverse("admin:login"))
    for model in filter(admin.site.is_registered, apps.get_models()):
        where = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{where}_changelist")
        yield reverse(f"{where}_add")
        row = model._default_manager.first()
        if row is not None:
            yield from (reverse(f"{where}_{page}", args=[row.pk]) for page in ("change", "history", "delete"))


def browsable_pages(conversation_id: str) -> Iterator[str]:
    yield from ("/chat/conversations", "/chat/businesses", "/chat/unread-count", "/notifications", "/auth/me")
    yield from (f"/chat/conversations/{conversation_id}", f"/chat/conversations/{conversation_id}/messages")
    yield "/chat/conversations/nothing"


def assert_within_its_policy(client: Client, address: str) -> None:
    answer = client.get(address, headers={"accept": "text/html"})
    policy = parsed_policy(answer["Content-Security-Policy"])
    assert "'unsafe-inline'" not in str(policy)
    assert "'unsafe-eval'" not in str(policy)
    assert policy["frame-ancestors"] == ["'none'"]
    assert policy["script-src"] == ["'self'"]
    if answer.status_code == 200:
        assert answer["Content-Type"].startswith("text/html"), address
        assert list(Page(answer.content.decode()).violations(policy)) == [], address


def test_pages_of_the_admin(staff: Client, conversation_id: str) -> None:
    addresses = list(admin_pages())
    assert len(addresses) > 20
    for address in addresses:
        assert_within_its_policy(staff, address)


def test_the_browsable_api(staff: Client, conversation_id: str) -> None:
    for address in browsable_pages(conversation_id):
        assert_within_its_policy(staff, address)


@pytest.mark.parametrize("address", ["/", "/api/docs", "/api/events", "/api-auth/login/", "/admin/login/"])
def test_pages_for_anybody(client: Client, db: None, address: str) -> None:
    assert_within_its_policy(client, address)


def test_a_refused_sign_in(client: Client, db: None) -> None:
    for address in ("/api-auth/login/", "/admin/login/"):
        answer = client.post(address, {"username": "nobody", "password": "wrong"})
        policy = parsed_policy(answer["Content-Security-Policy"])
        assert list(Page(answer.content.decode()).violations(policy)) == []


@pytest.mark.parametrize("address", ["/healthz", "/auth/me", "/no/such/page", "/api/schema"])
def test_everything_else_is_strict(client: Client, db: None, address: str) -> None:
    answer = client.get(address)
    policy = parsed_policy(answer["Content-Security-Policy"])
    assert {name: policy[name] for name in STRICT} == STRICT
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"
    assert "camera=()" in answer["Permissions-Policy"]


def test_a_view_decides_who_may_frame_it(rf: RequestFactory) -> None:
    @csp_replace({"frame-ancestors": ["https://shop.example"]})
    def framed(request: HttpRequest) -> HttpResponse:
        return HttpResponse("hello")

    answer = SecurityHeaders(framed)(rf.get("/", secure=True))
    assert isinstance(answer, HttpResponse)
    policy = parsed_policy(answer["Content-Security-Policy"])
    assert policy["frame-ancestors"] == ["https://shop.example"]
    assert policy["connect-src"] == ["'self'", "wss://testserver"]
    assert policy["script-src"] == ["'self'"]


def test_a_host_that_is_not_ours_is_not_let_into_the_policy(client: Client) -> None:
    answer = client.get("/auth/me", headers={"host": "evil.example; script-src *"})
    assert answer.status_code == 400
    assert "evil" not in answer.headers.get("Content-Security-Policy", "")
