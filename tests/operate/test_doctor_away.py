"""`chat_doctor` checks push and mail, with a mail server that answers and one that does not."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from chatsite.doctor import away
from tests.harness.patience import patience

pytestmark = pytest.mark.standalone


@pytest.fixture
def mail_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(patience(10))
        yield server.getsockname()[1]


def levels() -> dict[str, str]:
    return {finding.check: finding.level for finding in away.examine()}


def test_a_site_that_sends_nothing_is_healthy(settings: Settings) -> None:
    settings.VAPID_PRIVATE_KEY, settings.CHAT_SENDS_MAIL, settings.MAIL_REPLY_ADDRESS = "", False, ""
    assert levels() == {"away.push": "ok", "away.mail": "ok"}


@pytest.mark.parametrize(
    ("subject", "level"),
    [
        ("mailto:chat@chat.example", "ok"),
        ("https://chat.example", "ok"),
        ("", "warn"),
        ("https://localhost", "warn"),
    ],
)
def test_push_services_know_whom_to_ask(settings: Settings, subject: str, level: str) -> None:
    settings.VAPID_PRIVATE_KEY, settings.VAPID_SUBJECT = "key", subject
    assert levels()["away.push"] == level


def test_mail(settings: Settings) -> None:
    settings.CHAT_SENDS_MAIL, settings.SITE_URL = True, "https://chat.example"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.DEFAULT_FROM_EMAIL = "chat@chat.example"
    assert levels()["away.mail"] == "ok"
    settings.DEFAULT_FROM_EMAIL, settings.SITE_URL = "chat@localhost", ""
    assert (levels()["away.mail"], levels()["away.links"]) == ("warn", "fail")


def test_a_mail_server_that_is_away(settings: Settings, mail_port: int) -> None:
    settings.CHAT_SENDS_MAIL = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", mail_port, 0.2
    assert levels()["away.mail"] == "fail"


def test_answers_need_an_authenticated_sender(settings: Settings) -> None:
    settings.MAIL_REPLY_ADDRESS, settings.MAIL_AUTHSERV_ID = "reply@chat.example", ""
    assert levels()["away.answers"] == "warn"
    settings.MAIL_AUTHSERV_ID = "mx.chat.example"
    assert levels()["away.answers"] == "ok"
