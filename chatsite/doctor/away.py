"""Checks of push and mail to people who are away. A mail server is connected to; nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import get_connection

from chatsite.doctor.findings import Finding, fail, ok, ok_if, warn


def examine() -> Iterator[Finding]:
    yield _push()
    yield from _mail()
    if settings.MAIL_REPLY_ADDRESS:
        yield _answers()


def _push() -> Finding:
    name = "away.push"
    if not settings.VAPID_PRIVATE_KEY:
        return ok(name, "The site sends no push, because VAPID_PRIVATE_KEY is not set.")
    subject = settings.VAPID_SUBJECT
    text = f"The site sends push. Push services can complain at {subject or 'no address'}."
    advice = (
        "Set VAPID_SUBJECT to mailto:you@your.domain or an https address. Some push services insist on it."
    )
    local = urlsplit(subject).hostname in ("localhost", "127.0.0.1")
    is_good = subject.startswith(("mailto:", "https://")) and not local
    return ok_if(is_good, name, text, warn(name, text, advice))


def _mail() -> Iterator[Finding]:
    name = "away.mail"
    if not settings.CHAT_SENDS_MAIL:
        yield ok(name, "The site sends no mail, because EMAIL_URL is not set.")
        return
    links = fail("away.links", "SITE_URL is empty.", "Set it. Links in mails and pushes lead there.")
    yield ok_if(bool(settings.SITE_URL), "away.links", f"Links lead to {settings.SITE_URL}.", links)
    connection = get_connection()
    try:
        connection.open()
    except Exception as error:  # noqa: BLE001  each mail backend has its own errors
        reason = str(error).partition("\n")[0] or type(error).__name__
        yield fail(name, f"The mail server cannot be used: {reason}", "Check EMAIL_URL and the network.")
        return
    finally:
        connection.close()
    sender = settings.DEFAULT_FROM_EMAIL
    text = f"The mail server answers. Mails come from {sender}."
    advice = "Set EMAIL_FROM to an address of your domain, for which SPF and DKIM are set up."
    yield ok_if(not sender.endswith("@localhost"), name, text, warn(name, text, advice))


def _answers() -> Finding:
    name = "away.answers"
    is_provider = bool(getattr(settings, "ANYMAIL", {}).get("WEBHOOK_SECRET"))
    advice = (
        "Set MAIL_AUTHSERV_ID, or MAIL_WEBHOOK_SECRET with a provider that authenticates senders. "
        "Until then the site accepts no answers."
    )
    text = f"Answers come to {settings.MAIL_REPLY_ADDRESS}."
    missing = warn(name, f"{text} Nothing confirms who sent them.", advice)
    return ok_if(bool(settings.MAIL_AUTHSERV_ID) or is_provider, name, text, missing)
