"""A refused message returns in its form, with the reason."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import InternalError, OperationalError
from django.test import Client
from django.utils import timezone
from psycopg.errors import ReadOnlySqlTransaction

from chatsite.config.limits import Limits
from chatsite.errors import DomainError
from chatsite.realtime import user_limit
from chatsite.realtime.user_limit import UserBuckets
from chatsite.web import form_views
from conversations import operations as chat
from conversations.models import Business, ChatMessage, Conversation, Membership

TYPED = 'First line\nsecond <b>line</b> & "more" \u202e'
BROWSER = {"Accept": "text/html"}
PASSWORD = "a good pass phrase"


@pytest.fixture
def customer(db: None, settings: Any) -> Any:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return get_user_model().objects.create_user("kim", password=PASSWORD)


@pytest.fixture
def conversation(customer: Any) -> Conversation:
    business = Business.objects.create(name="Corner Shop", slug="corner-shop")
    Membership.objects.create(
        business=business, user=get_user_model().objects.create_user("owner"), role="owner"
    )
    return chat.open_conversation(user_id=customer.pk, business_id=str(business.pk))[0]


@pytest.fixture
def browser(customer: Any) -> Client:
    client = Client(headers=BROWSER)
    client.force_login(customer)
    return client


def send(browser: Client, conversation: Conversation, content: str = TYPED, **more: str) -> Any:
    """Send as a browser does: with CRLF for each line break."""
    body = {"content": content.replace("\n", "\r\n"), "clientId": "form-1", **more}
    return browser.post(f"/app/c/{conversation.pk}/send", body)


def text_in(answer: Any) -> str:
    """Return the content of the page's textarea, as a browser reads it."""
    (found,) = re.findall(r"<textarea[^>]*>\n?(.*?)</textarea>", answer.content.decode(), re.DOTALL)
    return html.unescape(found)


def alert_in(answer: Any) -> str:
    return "".join(re.findall(r'role="alert"[^>]*>([^<]*)<', answer.content.decode()))


def test_a_line_break_is_one_character(browser: Client, conversation: Conversation) -> None:
    content = "x\n" * 4000
    assert send(browser, conversation, content).status_code == 302
    assert ChatMessage.objects.get().content == content


@pytest.mark.parametrize(
    "content",
    ["x" * (Limits.message_length + 1), "\n\n" + "y" * (Limits.message_length + 1000), "   \n ", "a\x00b"],
)
def test_a_text_that_cannot_be_stored_comes_back(
    browser: Client, conversation: Conversation, content: str
) -> None:
    answer = send(browser, conversation, content)
    assert answer.status_code in (400, 413)
    assert text_in(answer) == content
    assert alert_in(answer)
    assert 'value="form-1"' in answer.content.decode()
    assert not ChatMessage.objects.exists()


def test_a_reply_stays_a_reply(browser: Client, conversation: Conversation) -> None:
    send(browser, conversation, "hello")
    first = ChatMessage.objects.get()
    answer = send(
        browser, conversation, "x" * (Limits.message_length + 1), clientId="form-2", replyTo=str(first.pk)
    )
    assert f'name="replyTo" value="{first.pk}"' in answer.content.decode()


def test_in_a_frozen_conversation_the_text_can_be_copied(browser: Client, conversation: Conversation) -> None:
    Conversation.objects.update(frozen_at=timezone.now())
    answer = send(browser, conversation)
    assert (answer.status_code, text_in(answer)) == (423, TYPED)
    assert "moderator" in alert_in(answer)
    assert "readonly" in answer.content.decode()


def test_a_user_who_is_too_fast_keeps_the_text(
    browser: Client, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_limit, "user_buckets", UserBuckets(rate=0.001, burst=1))
    assert send(browser, conversation).status_code == 302
    answer = send(browser, conversation, clientId="form-2")
    assert (answer.status_code, text_in(answer)) == (429, TYPED)
    assert "wait" in alert_in(answer)


def read_only() -> InternalError:
    """Return the error that Django raises for a write to a PostgreSQL standby."""
    error = InternalError("cannot execute INSERT in a read-only transaction")
    error.__cause__ = ReadOnlySqlTransaction()
    return error


@pytest.mark.parametrize(
    "failure",
    [OperationalError("the server is gone"), read_only(), DomainError("unavailable", "Too busy.")],
    ids=["lost", "read-only", "busy"],
)
@pytest.mark.parametrize("is_page_lost", [False, True])
def test_an_outage_keeps_the_text(
    browser: Client,
    conversation: Conversation,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    is_page_lost: bool,
) -> None:
    def fail(*given: Any, **named: Any) -> None:
        raise failure

    with monkeypatch.context() as patched:
        patched.setattr(chat, "send_message", fail)
        if is_page_lost:
            patched.setattr(form_views, "render_conversation", fail)
        answer = send(browser, conversation)
    assert (answer.status_code, text_in(answer)) == (503, TYPED)
    assert "busy" in alert_in(answer)
    assert send(browser, conversation, text_in(answer)).status_code == 302
    assert ChatMessage.objects.get().content == TYPED


def test_a_stranger_learns_nothing_and_keeps_the_text(conversation: Conversation) -> None:
    stranger = Client(headers=BROWSER)
    stranger.force_login(get_user_model().objects.create_user("stranger"))
    answer = send(stranger, conversation)
    assert (answer.status_code, text_in(answer)) == (404, TYPED)
    assert "Corner Shop" not in answer.content.decode()


def fields_of(answer: Any) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', answer.content.decode())
    return {name: html.unescape(value) for name, value in found}


def test_an_expired_session_keeps_the_text_over_signing_in(conversation: Conversation) -> None:
    visitor = Client(headers=BROWSER)
    answer = send(visitor, conversation)
    assert answer.status_code == 401
    wrong = visitor.post("/sign-in", {**fields_of(answer), "username": "kim", "password": "wrong"})
    given = visitor.post("/sign-in", {**fields_of(wrong), "username": "kim", "password": PASSWORD})
    assert given["Location"] == f"/app/c/{conversation.pk}"
    page = visitor.get(given["Location"])
    assert text_in(page) == TYPED
    assert "signed out" in alert_in(page)
    assert send(visitor, conversation, text_in(page)).status_code == 302
    assert text_in(visitor.get(given["Location"])) == ""


def test_a_kept_text_is_not_shown_to_another_person(conversation: Conversation) -> None:
    get_user_model().objects.create_user("lou", password=PASSWORD)
    visitor = Client(headers=BROWSER)
    fields = fields_of(send(visitor, conversation))
    visitor.post("/sign-in", {**fields, "username": "lou", "password": PASSWORD})
    assert "second" not in visitor.get(f"/app/c/{conversation.pk}").content.decode()


def test_an_old_form_keeps_the_text(customer: Any, conversation: Conversation) -> None:
    strict = Client(enforce_csrf_checks=True, headers=BROWSER)
    strict.force_login(customer)
    answer = send(strict, conversation)
    assert (answer.status_code, text_in(answer)) == (403, TYPED)
    assert "expired" in alert_in(answer)
    token = fields_of(answer)["csrfmiddlewaretoken"]
    assert send(strict, conversation, csrfmiddlewaretoken=token).status_code == 302


def test_an_old_sign_in_form_keeps_the_name(db: None) -> None:
    strict = Client(enforce_csrf_checks=True, headers=BROWSER)
    answer = strict.post("/sign-in", {"username": "kim", "password": "x", "next": "/app/find"})
    assert answer.status_code == 403
    assert 'value="kim"' in answer.content.decode()
    assert fields_of(answer)["next"] == "/app/find"
