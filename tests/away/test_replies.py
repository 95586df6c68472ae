"""A reply to a mail becomes a message of the person who received the mail, and of nobody else."""

from __future__ import annotations

import io
import sys
from email.message import EmailMessage
from typing import Any
from unittest.mock import Mock

import msgspec
import pytest
from django.core import mail
from django.core.management import call_command
from django.db import InternalError, OperationalError
from psycopg.errors import ReadOnlySqlTransaction
from pytest_django import Settings

from chatsite.errors import DomainError
from conversations import history, operations
from conversations.models import ChatMessage
from conversations.moderation import operations as moderation
from conversations.requests import SendBody
from notifications.delivery.models import ReceivedMail
from notifications.delivery.replies.addresses import read_token, reply_address
from notifications.delivery.replies.receiving import receive_mail
from notifications.management.commands import receive_mail as receive_mail_command
from tests.away.conftest import Shop
from tests.away.quoted_mails import PAGES, QUOTES, TEXTS

AUTHENTIC = "mx.chat.example; dkim=pass header.d=mail.example; spf=pass smtp.mailfrom=carol@mail.example"


@pytest.fixture
def replying(shop: Shop, settings: Settings) -> Shop:
    settings.MAIL_REPLY_ADDRESS = "reply@chat.example"
    settings.MAIL_AUTHSERV_ID = "mx.chat.example"
    return shop


def answer(shop: Shop, text: str = "Yes, please!", *, user: Any = None, **headers: str) -> EmailMessage:
    user = user or shop.carol
    message = EmailMessage()
    given = {
        "From": f"Carol <{user.email}>",
        "To": reply_address(user, shop.conversation.pk),
        "Subject": "Re: Messages from Flora's Flowers",
        "Message-ID": "<answer-1@mail.example>",
        "Authentication-Results": AUTHENTIC,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    for name, value in given.items():
        if value:
            message[name] = value
    message.set_content(text)
    return message


def said() -> list[tuple[str | None, str]]:
    rows = ChatMessage.objects.select_related("sender").order_by("seq")
    return [(row.sender.username if row.sender else None, row.content) for row in rows]


@pytest.mark.parametrize("program", QUOTES)
def test_an_answer_becomes_a_message_in_the_conversation(replying: Shop, program: str) -> None:
    assert receive_mail(answer(replying, QUOTES[program]).as_bytes()) == "accepted"
    assert said() == [("carol", "Yes, please!")]


@pytest.mark.parametrize("kind", TEXTS)
def test_nothing_that_a_person_writes_is_cut_off(replying: Shop, kind: str) -> None:
    quote = "\n\nOn Sunday, Flora's Flowers <chat@chat.example> wrote:\n> Shall we deliver it?\n"
    assert receive_mail(answer(replying, TEXTS[kind] + quote).as_bytes()) == "accepted"
    assert said() == [("carol", TEXTS[kind])]


@pytest.mark.parametrize("program", PAGES)
def test_an_answer_with_only_html(replying: Shop, program: str) -> None:
    message = answer(replying)
    message.set_content(PAGES[program], subtype="html")
    assert receive_mail(message.as_bytes()) == "accepted"
    assert said() == [("carol", "Yes, please!")]


def test_the_mail_has_the_address_that_takes_the_answer(replying: Shop) -> None:
    replying.say(replying.amir, "Shall we deliver it?")
    replying.pass_seconds(601)
    [sent] = mail.outbox
    message = answer(replying, To=sent.reply_to[0])
    assert receive_mail(message.as_bytes()) == "accepted"
    assert said()[-1] == ("carol", "Yes, please!")


def test_answering_a_mail_marks_its_messages_as_read(replying: Shop) -> None:
    replying.say(replying.amir, "Shall we deliver it?")
    replying.pass_seconds(601)
    replying.say(replying.amir, "Or will you come?")
    assert receive_mail(answer(replying).as_bytes()) == "accepted"
    assert [row.status for row in ChatMessage.objects.order_by("seq")] == ["read", "sent", "sent"]


def test_clients_see_that_a_message_came_by_mail(replying: Shop) -> None:
    by_app = operations.send_message(
        sender_id=replying.amir.pk,
        conversation_id=replying.conversation.pk,
        body=SendBody(content="Shall we deliver it?"),
    )
    assert receive_mail(answer(replying).as_bytes()) == "accepted"
    page = history.message_page(replying.conversation.pk, limit=5).messages
    assert [msgspec.to_builtins(message).get("via") for message in page] == [None, "email"]
    assert "via" not in msgspec.json.decode(by_app.payload)["message"]
    # What the event and the ack carry, here of a repetition.
    by_mail = operations.send_message(
        sender_id=replying.carol.pk,
        conversation_id=replying.conversation.pk,
        body=SendBody(content="Yes, please!", client_id=page[1].client_id),
    )
    assert msgspec.json.decode(by_mail.payload)["message"]["via"] == "email"


def test_the_same_mail_twice_is_one_message(replying: Shop) -> None:
    raw = answer(replying).as_bytes()
    assert [receive_mail(raw), receive_mail(raw)] == ["accepted", "repeated"]
    assert len(said()) == 1


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"From": "mallory@evil.example"}, "wrong_sender"),
        ({"From": "carol@mail.example, mallory@evil.example"}, "wrong_sender"),
        ({"Authentication_Results": ""}, "not_authentic"),
        ({"Authentication_Results": "mx.evil.example; dkim=pass header.d=mail.example"}, "not_authentic"),
        ({"Authentication_Results": "mx.chat.example; dkim=fail header.d=mail.example"}, "not_authentic"),
        ({"Authentication_Results": "mx.chat.example; dkim=pass header.d=evil.example"}, "not_authentic"),
        ({"Authentication_Results": "mx.chat.example; dkim=pass header.d=example"}, "not_authentic"),
        (
            {"Authentication_Results": "mx.chat.example; spf=none (dkim=pass header.d=mail.example)"},
            "not_authentic",
        ),
        ({"To": "reply+forged@chat.example"}, "unknown_address"),
        ({"To": "somebody@chat.example"}, "unknown_address"),
        ({"Auto_Submitted": "auto-replied"}, "automatic"),
        ({"Precedence": "bulk"}, "automatic"),
        ({"Return_Path": "<>"}, "automatic"),
        ({"X_Loop": "chat.example"}, "automatic"),
        ({"List_Id": "<list.example>"}, "automatic"),
    ],
)
def test_a_mail_that_is_not_the_persons_answer_is_refused(
    replying: Shop, headers: dict[str, str], reason: str
) -> None:
    assert receive_mail(answer(replying, user=None, **headers).as_bytes()) == reason
    assert said() == []
    assert ReceivedMail.objects.get().outcome == reason


def test_a_forged_result_below_the_servers_own_does_not_count(replying: Shop) -> None:
    forged = answer(replying, Authentication_Results="").as_bytes()
    top = (
        b"Authentication-Results: mx.chat.example; dkim=none\r\nAuthentication-Results: " + AUTHENTIC.encode()
    )
    assert receive_mail(top + b"\r\n" + forged) == "not_authentic"


def test_the_address_of_one_person_does_not_serve_another(replying: Shop) -> None:
    message = answer(replying, user=replying.amir, To=reply_address(replying.carol, replying.conversation.pk))
    assert receive_mail(message.as_bytes()) == "wrong_sender"


def test_a_refused_mail_does_not_keep_the_real_one_out(replying: Shop) -> None:
    forged = answer(replying, Authentication_Results="")
    assert receive_mail(forged.as_bytes()) == "not_authentic"
    assert receive_mail(answer(replying).as_bytes()) == "accepted"


def test_a_frozen_conversation_and_a_suspended_person_take_no_mail(replying: Shop) -> None:
    moderation.freeze_conversation(actor=None, conversation_id=replying.conversation.pk, reason="fight")
    assert receive_mail(answer(replying).as_bytes()) == "frozen"
    moderation.suspend_user(actor=None, user_id=replying.carol.pk, reason="fight")
    assert receive_mail(answer(replying, Message_ID="<2@x>").as_bytes()) == "unknown_address"


def test_a_member_who_left_cannot_answer(replying: Shop) -> None:
    replying.business.memberships.filter(user=replying.amir).delete()
    assert receive_mail(answer(replying, user=replying.amir).as_bytes()) == "not_found"


def test_addresses_survive_programs_that_change_the_case(replying: Shop) -> None:
    address = reply_address(replying.carol, replying.conversation.pk)
    assert len(address.partition("@")[0]) <= 64  # the longest that mail servers take
    assert receive_mail(answer(replying, To=address.upper()).as_bytes()) == "accepted"
    assert read_token("a" * 40) is None


def test_the_command_takes_a_mail_from_a_pipe(
    replying: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = answer(replying).as_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    call_command("receive_mail")
    assert capsys.readouterr().out.strip() == "accepted"
    assert len(said()) == 1


def read_only() -> InternalError:
    """Return the error that Django raises for a write to a PostgreSQL standby."""
    error = InternalError("cannot execute INSERT in a read-only transaction")
    error.__cause__ = ReadOnlySqlTransaction()
    return error


@pytest.mark.parametrize(
    "failure",
    [OperationalError("gone"), read_only(), DomainError("rate_limited", "Too many.")],
    ids=["gone", "read-only", "too many"],
)
def test_the_mail_server_keeps_a_mail_that_cannot_be_stored_now(
    monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"Subject: Hello")))
    monkeypatch.setattr(receive_mail_command, "receive_mail", Mock(side_effect=failure))
    with pytest.raises(SystemExit) as ended:
        call_command("receive_mail")
    assert ended.value.code == 75


def test_a_bug_is_no_reason_to_bring_a_mail_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"Subject: Hello")))
    monkeypatch.setattr(receive_mail_command, "receive_mail", Mock(side_effect=InternalError("a bug")))
    with pytest.raises(InternalError):
        call_command("receive_mail")


@pytest.mark.parametrize(
    "raw", [b"", b"\xff\xfe\x00", b"From: \xff\r\n\r\n\xff", b"Content-Type: text/plain; charset=x\r\n\r\nx"]
)
def test_rubbish_is_refused(replying: Shop, raw: bytes) -> None:
    assert receive_mail(raw) == "unknown_address"
