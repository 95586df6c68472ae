"""A conversation about which a mail has told everything does not take the place of another one in the next mail."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conversations import operations
from conversations.models import Conversation
from notifications.delivery.mail import sending
from tests.away.conftest import Shop
from tests.away.post_office import MailServer

TEN_MINUTES = 601


def write_as_the_system(shop: Shop) -> None:
    operations.send_system_message(conversation_id=shop.conversation.pk, content="The shop is closed.")


def answer(shop: Shop) -> None:
    """The colleague's answer is unread for the customer, and Carol's message still is for the team."""
    shop.say(shop.olivia, "We are looking for it")


def write_and_take_back(shop: Shop) -> None:
    message = shop.say(shop.carol, "Never mind")
    operations.delete_message(user_id=shop.carol.pk, message_id=str(message.id))


@pytest.mark.parametrize("write_later", [write_as_the_system, answer, write_and_take_back])
def test_a_later_message_that_needs_no_mail_does_not_take_a_place(
    shop: Shop,
    mail_server: MailServer,
    monkeypatch: pytest.MonkeyPatch,
    write_later: Callable[[Shop], None],
) -> None:
    monkeypatch.setattr(sending, "CONVERSATIONS", 1)
    dora = shop.person("dora")
    other = Conversation.objects.create(business=shop.business, customer=dora)
    shop.say(shop.carol, "From Carol")
    shop.pass_seconds(TEN_MINUTES)
    mail_server.empty()
    shop.say(dora, "From Dora", other)
    write_later(shop)
    shop.pass_seconds(TEN_MINUTES)
    [mail] = [mail for mail in mail_server.mails if mail["To"] == "amir@mail.example"]
    text = mail.get_body(("plain",))
    assert text is not None
    assert "From Dora" in text.get_content()
