"""Mails about unread messages, as a real mail server receives them."""

from __future__ import annotations

import re
from email.message import EmailMessage

import pytest
from django.test import Client
from pytest_django import Settings

from conversations.models import Conversation
from notifications.delivery.mail import sending
from notifications.delivery.models import NotificationSettings
from tests.away.conftest import Shop
from tests.away.post_office import MailServer

TEN_MINUTES = 601


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def told(shop: Shop, server: MailServer) -> EmailMessage:
    shop.say(shop.amir, "Your bouquet is ready")
    shop.pass_seconds(TEN_MINUTES)
    [mail] = server.mails
    return mail


def test_a_mail_has_text_and_html_and_a_link_that_signs_nobody_in(
    shop: Shop, mail_server: MailServer, client: Client
) -> None:
    shop.say(shop.carol, "Is it ready?")
    shop.say(shop.amir, "Yes <b>it</b> is")
    shop.pass_seconds(TEN_MINUTES)
    [mail] = [mail for mail in mail_server.mails if mail["To"] == "carol@mail.example"]
    assert mail["Subject"] == "Messages from Flora's Flowers"
    assert mail["From"] == "Flora's Flowers <chat@chat.example>"
    link = f"https://chat.example/app/c/{shop.conversation.pk}"
    for kind in ("plain", "html"):
        assert "Is it ready?" in part(mail, kind)
        assert link in part(mail, kind)
    assert "Yes <b>it</b> is" in part(mail, "plain")
    assert "Yes &lt;b&gt;it&lt;/b&gt; is" in part(mail, "html")
    assert "https://chat.example/app/notification-settings" in part(mail, "plain")
    assert "https://chat.example/app/notification-settings" in part(mail, "html")
    assert "@media (prefers-color-scheme: dark)" in part(mail, "html")
    assert client.get(link.removeprefix("https://chat.example")).status_code == 302


def test_mails_of_one_conversation_are_one_thread(shop: Shop, mail_server: MailServer) -> None:
    told(shop, mail_server)
    shop.clock = type(shop.clock)()
    shop.say(shop.amir, "Are you there?")
    shop.pass_seconds(TEN_MINUTES)
    first, second = mail_server.mails
    assert first["References"] == second["References"] == second["In-Reply-To"]
    assert str(shop.conversation.pk) in first["References"]
    assert first["Message-ID"] != second["Message-ID"]
    assert first["Subject"] == second["Subject"]


def test_a_mail_says_that_it_is_automatic(shop: Shop, mail_server: MailServer) -> None:
    mail = told(shop, mail_server)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "All"


def test_the_mail_is_in_the_persons_language(shop: Shop, mail_server: MailServer) -> None:
    NotificationSettings.objects.create(user=shop.carol, locale="de")
    mail = told(shop, mail_server)
    assert mail["Subject"] == "Nachrichten von Flora's Flowers"
    assert "Diese E-Mails abbestellen" in part(mail, "html")
    assert '<html lang="de">' in part(mail, "html")


def test_a_name_cannot_add_a_header(shop: Shop, mail_server: MailServer) -> None:
    shop.business.name = "Flora\r\nBcc: everybody@mail.example"
    shop.business.save()
    mail = told(shop, mail_server)
    assert mail["Bcc"] is None
    assert mail["To"] == "carol@mail.example"


def test_one_click_ends_the_mails(shop: Shop, mail_server: MailServer) -> None:
    mail = told(shop, mail_server)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    found = re.fullmatch(r"<https://chat\.example(/mail/unsubscribe/\S+)>", mail["List-Unsubscribe"].strip())
    assert found is not None, mail["List-Unsubscribe"]
    client = Client(enforce_csrf_checks=True)
    assert b"<form" in client.get(found[1]).content
    assert not NotificationSettings.objects.filter(email_unread=False).exists()
    answer = client.post(
        found[1], "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 200
    assert NotificationSettings.objects.get().email_unread is False
    shop.clock = type(shop.clock)()
    shop.say(shop.amir, "Hello?")
    shop.pass_seconds(TEN_MINUTES)
    assert len(mail_server.mails) == 1


@pytest.mark.parametrize("token", ["x", "IjEi:1uUfQp:forged", "a:b:c"])
def test_a_forged_link_ends_nothing(shop: Shop, client: Client, token: str) -> None:
    assert client.post(f"/mail/unsubscribe/{token}").status_code == 404
    assert not NotificationSettings.objects.exists()


def test_a_mail_about_several_conversations_is_one(shop: Shop, mail_server: MailServer) -> None:
    dora = shop.person("dora")
    other = Conversation.objects.create(business=shop.business, customer=dora)
    shop.say(shop.carol, "From Carol")
    shop.say(dora, "From Dora", other)
    shop.pass_seconds(TEN_MINUTES)
    [mail] = [mail for mail in mail_server.mails if mail["To"] == "amir@mail.example"]
    assert mail["Subject"] == "Unread messages in 2 conversations"
    assert "From Carol" in part(mail, "plain")
    assert "From Dora" in part(mail, "plain")
    assert mail["References"] is None


def test_a_server_that_is_down_gets_the_mail_later_and_once(shop: Shop, mail_server: MailServer) -> None:
    mail_server.stop()
    shop.say(shop.amir, "One")
    shop.pass_seconds(TEN_MINUTES)
    shop.say(shop.amir, "Two")
    shop.pass_seconds(TEN_MINUTES)
    assert shop.decisions(shop.carol) == [("email", "pending", "")]
    mail_server.start()
    shop.work()
    shop.work()
    [mail] = mail_server.mails
    assert "One" in part(mail, "plain")
    assert "Two" in part(mail, "plain")


def test_a_mail_that_is_refused_for_now_is_tried_again(shop: Shop, mail_server: MailServer) -> None:
    mail_server.answer("451 later, please")
    shop.say(shop.amir, "Hello")
    shop.pass_seconds(TEN_MINUTES)
    assert shop.decisions(shop.carol) == [("email", "pending", "")]
    mail_server.answer(None)
    shop.work()
    assert len(mail_server.mails) == 1
    assert shop.decisions(shop.carol) == [("email", "sent", "sent")]


def test_a_mail_that_is_refused_for_good_is_not(shop: Shop, mail_server: MailServer) -> None:
    mail_server.answer("554 no such mailbox")
    shop.say(shop.amir, "Hello")
    shop.pass_seconds(TEN_MINUTES)
    mail_server.answer(None)
    shop.pass_seconds(TEN_MINUTES)
    assert mail_server.mails == []
    assert shop.decisions(shop.carol) == [("email", "failed", "refused")]


def test_after_a_day_without_a_server_the_notice_fails(shop: Shop, mail_server: MailServer) -> None:
    mail_server.stop()
    shop.say(shop.amir, "Hello")
    shop.pass_seconds(TEN_MINUTES)
    shop.clock.pass_seconds(25 * 3600)
    shop.run_jobs()
    mail_server.start()
    assert shop.decisions(shop.carol) == [("email", "failed", "unreachable")]


def test_a_mail_that_a_killed_worker_left_behind_is_not_sent_twice(
    shop: Shop, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*args: object) -> None:
        raise Killed

    shop.say(shop.amir, "Hello")
    with monkeypatch.context() as patched:
        patched.setattr(sending, "finish", die)  # the mail has been sent, but not recorded
        with pytest.raises(Killed):
            shop.pass_seconds(TEN_MINUTES)
    shop.work()
    shop.pass_seconds(TEN_MINUTES)
    assert len(mail_server.mails) == 1
    assert shop.decisions(shop.carol) == [("email", "unknown", "interrupted")]


def test_a_guest_without_a_real_address_gets_no_mail(
    shop: Shop, mail_server: MailServer, settings: Settings
) -> None:
    shop.carol.email = "guest-1@account.invalid"
    shop.carol.save()
    shop.say(shop.amir, "Hello")
    shop.pass_seconds(TEN_MINUTES)
    assert mail_server.mails == []
