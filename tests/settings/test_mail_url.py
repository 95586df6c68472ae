"""`EMAIL_URL`: a mail server, or a mail provider with its key."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from chatsite.config.mail_url import PROVIDERS, mail_settings

pytestmark = pytest.mark.standalone


@pytest.mark.parametrize(
    ("url", "host", "port", "login", "starttls", "tls"),
    [
        ("smtp://mail.example", "mail.example", 25, ("", ""), False, False),
        ("smtp://kim:p%40ss@mail.example", "mail.example", 587, ("kim", "p@ss"), True, False),
        ("smtp://kim:pass@mail.example:2525?starttls=0", "mail.example", 2525, ("kim", "pass"), False, False),
        ("smtp://mail.example?starttls=1", "mail.example", 25, ("", ""), True, False),
        ("smtps://kim:pass@mail.example", "mail.example", 465, ("kim", "pass"), False, True),
    ],
)
def test_a_mail_server(
    url: str, host: str, port: int, login: tuple[str, str], starttls: bool, tls: bool
) -> None:
    found = mail_settings(url)
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == (host, port)
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == login
    assert (found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (starttls, tls)
    assert found["EMAIL_TIMEOUT"] > 0


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_provider_takes_the_key_as_it_is(provider: str, settings: Any) -> None:
    key = "Key-With:Colons"
    found = mail_settings(f"{provider}://{key}")
    assert found["ANYMAIL"][PROVIDERS[provider][1]] == key
    module, _, name = found["EMAIL_BACKEND"].rpartition(".")
    settings.ANYMAIL = found["ANYMAIL"]
    getattr(import_module(module), name)()  # it finds the key under this name


def test_the_domain_of_mailgun() -> None:
    found = mail_settings("mailgun://Key@mg.mail.example")["ANYMAIL"]
    assert (found["MAILGUN_API_KEY"], found["MAILGUN_SENDER_DOMAIN"]) == ("Key", "mg.mail.example")


@pytest.mark.parametrize(
    "url", ["", "mail.example", "smtp://", "smtp://mail.example:x", "pigeon://key", "postmark://"]
)
def test_what_cannot_be_understood_is_refused(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  its text is not shown
        mail_settings(url)
