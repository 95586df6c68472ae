"""Replies arrive in an IMAP mailbox or through the webhook of a mail provider."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from anymail.signals import inbound
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from chatsite.config.limits import Limits
from chatsite.http.request_limits import body_limit
from chatsite.realtime.user_limit import user_buckets
from conversations.models import ChatMessage
from notifications.delivery.models import ReceivedMail
from notifications.delivery.replies import webhooks
from notifications.delivery.replies.receiving import receive_mail
from notifications.management.commands import receive_mail as receive_mail_command
from tests.away.conftest import Shop
from tests.away.mailbox import Mailbox
from tests.away.post_office import make_certificate
from tests.away.test_replies import answer, replying, said

__all__ = ["replying"]  # a fixture
ADDRESS = "/mail/inbound/sendgrid/inbound/"


@pytest.fixture
def mailbox(replying: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    certificate = tmp_path / "imap.pem"
    make_certificate(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    mails = [answer(replying, text, Message_ID=f"<{text}@x>").as_bytes() for text in ("One", "Two")]
    made = Mailbox(certificate, [*mails, b"Subject: rubbish\r\n\r\nhello"])
    yield made
    made.close()


def test_a_mailbox_is_emptied_once(mailbox: Mailbox, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("receive_mail", imap=mailbox.url)
    assert capsys.readouterr().out.split() == ["accepted", "accepted", "unknown_address"]
    assert said() == [("carol", "One"), ("carol", "Two")]
    assert mailbox.seen == {1, 2, 3}
    call_command("receive_mail", imap=mailbox.url)
    assert capsys.readouterr().out == ""


def test_a_mail_that_fails_by_itself_does_not_keep_back_the_others(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def receive(raw: bytes) -> str:
        if b"One" in raw:
            raise RecursionError("a bug of the parser")
        return receive_mail(raw)

    monkeypatch.setattr(receive_mail_command, "receive_mail", receive)
    call_command("receive_mail", imap=mailbox.url)
    assert capsys.readouterr().out.split() == ["failed", "accepted", "unknown_address"]
    assert mailbox.seen == {1, 2, 3}


def test_a_mailbox_that_cannot_be_read_is_an_error(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("receive_mail", imap=mailbox.url.replace("s3cret", "wrong"))
    monkeypatch.delenv("SSL_CERT_FILE")  # the server's certificate is not trusted, so it gets no password
    with pytest.raises(CommandError, match="certificate"):
        call_command("receive_mail", imap=mailbox.url)
    with pytest.raises(CommandError, match="imaps://"):
        call_command("receive_mail", imap=mailbox.url.replace("imaps", "imap"))
    assert (said(), mailbox.seen) == ([], set())


def test_answers_draw_from_the_limit_of_their_sender(replying: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail over the limit is not lost: the mail server delivers it again."""
    monkeypatch.setattr(
        user_buckets, "take", lambda user_id, cost, **_: 3.0 * (user_id == str(replying.carol.pk))
    )
    raw = answer(replying).as_bytes()
    with pytest.raises(Exception, match="Too many changes"):
        receive_mail(raw)
    assert (said(), ReceivedMail.objects.count()) == ([], 0)
    monkeypatch.undo()
    assert receive_mail(raw) == "accepted"


def hand_over(shop: Shop, secret: str, **changes: str) -> Any:
    message = answer(shop, **changes)
    envelope = json.dumps({"to": [str(message["To"])], "from": "carol@mail.example"})
    basic = base64.b64encode(secret.encode()).decode()
    form = {"email": message.as_string(), "envelope": envelope}
    return Client().post(ADDRESS, form, headers={"Authorization": f"Basic {basic}"})


def test_a_provider_brings_a_large_file_beside_the_fields_of_a_form(
    replying: Shop, settings: Settings
) -> None:
    inbound.connect(webhooks.take_inbound)
    settings.ROOT_URLCONF = "tests.away.mail_provider_urls"
    settings.ANYMAIL = {"WEBHOOK_SECRET": "provider:s3cret", "MAILGUN_API_KEY": "key"}
    content = b"%PDF-1.4" + b"x" * 2 * settings.CHAT.request_bytes
    message = answer(replying, X_Mailgun_Spf="Pass")
    headers = [item for item in message.items() if not item[0].startswith("Content-")]
    form = {
        "message-headers": json.dumps(headers),
        "body-plain": "See the file",
        "sender": "carol@mail.example",
        "recipient": str(message["To"]),
        "attachment-count": "1",
        "attachment-1": SimpleUploadedFile("offer.pdf", content, "application/pdf"),
        "timestamp": "1796000000",
        "token": "token",
        "signature": hmac.new(b"key", b"1796000000token", "sha256").hexdigest(),
    }
    basic = base64.b64encode(b"provider:s3cret").decode()
    path = ADDRESS.replace("sendgrid", "mailgun")
    assert Client().post(path, form, headers={"Authorization": f"Basic {basic}"}).status_code == 200
    row = ChatMessage.objects.get()
    assert (row.content, [one.size for one in row.files.all()]) == ("See the file", [len(content)])


@pytest.mark.parametrize(
    ("path", "name", "is_larger"),
    [
        (ADDRESS, b"authorization", True),
        (ADDRESS, b"accept", False),
        ("/mail/rate/x", b"authorization", False),
    ],
)
def test_only_a_provider_with_a_secret_may_send_more_than_others(
    path: str, name: bytes, is_larger: bool
) -> None:
    scope = {"method": "POST", "path": path, "headers": [(name, b"x")]}
    assert (body_limit(scope) > Limits.request_bytes) == is_larger


def test_a_provider_calls_the_webhook_with_its_secret(replying: Shop, settings: Settings) -> None:
    inbound.connect(webhooks.take_inbound)  # as the app does where there is a secret
    settings.ROOT_URLCONF = "tests.away.mail_provider_urls"
    settings.ANYMAIL = {"WEBHOOK_SECRET": "provider:s3cret"}
    assert hand_over(replying, "provider:guessed").status_code == 400
    assert said() == []
    assert hand_over(replying, "provider:s3cret").status_code == 200
    assert hand_over(replying, "provider:s3cret").status_code == 200
    assert said() == [("carol", "Yes, please!")]
    forged = hand_over(replying, "provider:s3cret", Message_ID="<2@x>", Authentication_Results="")
    assert (forged.status_code, len(said())) == (200, 1)
