"""An unread message causes a push and later one mail. A read, muted or deleted one causes neither."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core import mail
from pytest_django import Settings

from conversations import operations
from conversations.blocks.operations import block_business, block_user
from conversations.membership import remove_member
from conversations.models import Conversation
from conversations.moderation import operations as moderation
from conversations.own_state.operations import arrange_conversation
from notifications.delivery.models import (
    BusinessNotificationSettings,
    Escalation,
    NotificationSettings,
)
from notifications.delivery.serializers import EmailChanges, SettingsBody
from tests.away.conftest import Shop
from tests.away.post_office import PushService

TEN_MINUTES = 601


def recipients() -> list[str]:
    return sorted(address for message in mail.outbox for address in message.to)


def test_a_push_follows_after_ten_seconds_and_a_mail_after_ten_minutes(
    shop: Shop, push_service: PushService
) -> None:
    browser = shop.subscribed(shop.carol, push_service)
    shop.say(shop.amir, "Your bouquet is ready")
    shop.pass_seconds(5)
    assert push_service.requests == []
    shop.pass_seconds(6)
    assert [push["body"] for push in push_service.pushes(browser)] == ["Your bouquet is ready"]
    assert mail.outbox == []
    shop.pass_seconds(TEN_MINUTES)
    assert recipients() == ["carol@mail.example"]
    shop.pass_seconds(24 * 3600)
    shop.pass_seconds(24 * 3600)
    assert len(mail.outbox) == len(push_service.requests) == 1
    assert not Escalation.objects.exists()


def test_every_member_of_the_business_is_notified_of_a_customers_message(shop: Shop) -> None:
    shop.say(shop.carol, "Is it ready?")
    shop.pass_seconds(TEN_MINUTES)
    assert recipients() == ["amir@mail.example", "olivia@mail.example"]


def test_a_message_read_in_time_causes_nothing(shop: Shop, push_service: PushService) -> None:
    shop.subscribed(shop.carol, push_service)
    shop.say(shop.amir, "Hello")
    shop.pass_seconds(5)
    shop.read(shop.carol)
    shop.pass_seconds(TEN_MINUTES)
    shop.pass_seconds(31)
    assert push_service.requests == []
    assert mail.outbox == []
    assert not Escalation.objects.exists()


def test_a_message_read_between_decision_and_sending_is_not_sent(shop: Shop) -> None:
    from notifications.delivery.escalation_check import check_due

    shop.say(shop.amir, "Hello")
    shop.clock.pass_seconds(TEN_MINUTES)
    check_due(shop.clock.now)
    shop.read(shop.carol)
    shop.run_jobs()
    assert mail.outbox == []
    assert shop.decisions(shop.carol) == [("email", "skipped", "read")]


def test_a_deleted_or_hidden_message_is_not_sent(shop: Shop) -> None:
    deleted, hidden = shop.say(shop.amir, "Sorry"), shop.say(shop.amir, "Rude")
    operations.delete_message(user_id=shop.amir.pk, message_id=deleted.id)
    moderation.hide_message(actor=None, message_id=hidden.id, reason="rude")
    shop.pass_seconds(TEN_MINUTES)
    assert mail.outbox == []


def test_a_hidden_message_that_is_restored_is_sent(shop: Shop) -> None:
    message = shop.say(shop.amir, "Not rude at all")
    moderation.hide_message(actor=None, message_id=message.id, reason="a mistake")
    shop.pass_seconds(TEN_MINUTES)
    moderation.restore_message(actor=None, message_id=message.id, reason="a mistake")
    shop.pass_seconds(TEN_MINUTES)
    assert recipients() == ["carol@mail.example"]


def test_many_messages_lead_to_one_mail(shop: Shop) -> None:
    for number in range(5):
        shop.say(shop.amir, f"Line {number}")
    shop.pass_seconds(300)
    shop.say(shop.amir, "The last line")
    shop.pass_seconds(302)
    [message] = mail.outbox
    assert "Line 0" in message.body
    assert "The last line" in message.body
    shop.pass_seconds(TEN_MINUTES)
    assert len(mail.outbox) == 1


def test_one_mail_tells_of_all_conversations(shop: Shop) -> None:
    other = Conversation.objects.create(business=shop.business, customer=shop.person("dora"))
    shop.say(shop.carol, "From Carol")
    shop.say(User.objects.get(username="dora"), "From Dora", other)
    shop.pass_seconds(TEN_MINUTES)
    [to_amir] = [message for message in mail.outbox if message.to == ["amir@mail.example"]]
    assert "From Carol" in to_amir.body
    assert "From Dora" in to_amir.body


def test_a_mail_follows_about_conversations_for_which_the_first_had_no_room(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifications.delivery.mail.sending.CONVERSATIONS", 2)
    people = [shop.carol, shop.person("dora"), shop.person("emil")]
    others = [Conversation.objects.create(business=shop.business, customer=user) for user in people[1:]]
    for user, where in zip(people, [shop.conversation, *others], strict=True):
        shop.say(user, f"From {user.username}", where)
    for _ in range(3):
        shop.pass_seconds(TEN_MINUTES)
    bodies = [message.body for message in mail.outbox if message.to == ["amir@mail.example"]]
    assert [sum(f"From {user.username}" in body for user in people) for body in bodies] == [2, 1]
    assert shop.decisions(shop.amir) == [("email", "sent", "sent")] * 2


def test_a_message_after_the_mail_leads_to_another_one(shop: Shop) -> None:
    shop.say(shop.amir, "One")
    shop.pass_seconds(TEN_MINUTES)
    shop.clock = type(shop.clock)()
    shop.say(shop.amir, "Two")
    shop.pass_seconds(TEN_MINUTES)
    assert len(mail.outbox) == 2


def test_nobody_is_notified_while_looking_at_a_screen(shop: Shop, push_service: PushService) -> None:
    shop.subscribed(shop.carol, push_service)
    shop.looks_at_a_screen(shop.carol)
    shop.say(shop.amir, "Hello")
    shop.pass_seconds(11)
    assert push_service.requests == []
    from django.core.cache import cache

    cache.clear()  # the person has gone
    shop.pass_seconds(31)
    assert len(push_service.requests) == 1


@pytest.mark.parametrize("wanted", [True, False])
def test_a_person_chooses_before_the_business_does(shop: Shop, wanted: bool) -> None:
    BusinessNotificationSettings.objects.create(business=shop.business, email_unread=not wanted)
    NotificationSettings.objects.create(user=shop.carol, email_unread=wanted)
    shop.say(shop.amir, "Hello")
    shop.pass_seconds(TEN_MINUTES)
    assert bool(mail.outbox) == wanted
    assert shop.decisions(shop.carol) == [
        ("email", "sent", "sent") if wanted else ("email", "skipped", "off")
    ]


def test_the_business_has_a_default_for_the_minutes(shop: Shop) -> None:
    BusinessNotificationSettings.objects.create(business=shop.business, email_after_minutes=2)
    shop.say(shop.amir, "Hello")
    shop.pass_seconds(121)
    assert recipients() == ["carol@mail.example"]


def test_mails_wait_for_the_end_of_quiet_hours(shop: Shop) -> None:
    local = shop.clock.now
    begin, end = (local + timedelta(hours=shift) for shift in (-1, 3))
    NotificationSettings.objects.create(
        user=shop.carol,
        quiet_from=begin.time().replace(tzinfo=None),
        quiet_to=end.time().replace(tzinfo=None),
    )
    shop.say(shop.amir, "Good night")
    shop.pass_seconds(TEN_MINUTES)
    assert mail.outbox == []
    shop.pass_seconds(3 * 3600)
    assert recipients() == ["carol@mail.example"]


def test_a_suspended_person_and_one_without_an_address_get_nothing(shop: Shop) -> None:
    shop.amir.email = ""
    shop.amir.save()
    shop.say(shop.carol, "Hello")
    moderation.suspend_user(actor=None, user_id=shop.olivia.pk, reason="left")
    shop.pass_seconds(TEN_MINUTES)
    assert mail.outbox == []
    assert shop.decisions(shop.amir) == [("email", "skipped", "no_address")]


def test_a_muted_conversation_is_silent_only_for_the_person_who_muted_it(shop: Shop) -> None:
    arrange_conversation(
        user_id=shop.amir.pk,
        conversation_id=shop.conversation.pk,
        muted_until=shop.clock.now + timedelta(days=1),
    )
    shop.say(shop.carol, "Hello")
    shop.pass_seconds(TEN_MINUTES)
    assert recipients() == ["olivia@mail.example"]
    assert shop.decisions(shop.amir) == [("email", "skipped", "muted")]


def test_nobody_is_notified_of_a_sender_who_was_blocked_afterwards(shop: Shop) -> None:
    shop.say(shop.amir, "Buy now!")
    shop.say(shop.olivia, "Never mind him")
    block_user(user_id=shop.carol.pk, blocked_id=str(shop.amir.pk))
    shop.pass_seconds(TEN_MINUTES)
    [message] = mail.outbox
    assert "Never mind him" in message.body
    assert "Buy now!" not in message.body


def test_a_blocked_business_reaches_nobody(shop: Shop) -> None:
    shop.say(shop.amir, "Buy now!")
    block_business(user_id=shop.carol.pk, business_id=str(shop.business.pk))
    shop.pass_seconds(TEN_MINUTES)
    assert mail.outbox == []
    assert shop.decisions(shop.carol) == [("email", "skipped", "blocked")]


def test_a_member_who_left_is_not_notified(shop: Shop) -> None:
    shop.say(shop.carol, "Hello")
    remove_member(business_id=shop.business.pk, user_id=shop.amir.pk)
    shop.pass_seconds(TEN_MINUTES)
    assert recipients() == ["olivia@mail.example"]


def test_a_site_without_mail_and_push_keeps_no_escalations(shop: Shop, settings: Settings) -> None:
    settings.CHAT_SENDS_MAIL = False
    shop.say(shop.amir, "Hello")
    assert not Escalation.objects.exists()


def test_settings_changed_through_the_operation_apply(shop: Shop) -> None:
    from notifications.delivery.operations import change_settings

    change_settings(user_id=shop.carol.pk, changes=SettingsBody(email=EmailChanges(unread="off")))
    shop.say(shop.amir, "Hello")
    shop.pass_seconds(TEN_MINUTES)
    assert mail.outbox == []
