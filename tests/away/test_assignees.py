"""The assignee of a conversation is notified, or every member if it has none."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail

from conversations.membership import remove_member
from conversations.models import Membership
from conversations.moderation import operations as moderation
from conversations.team.operations import set_team_state
from conversations.team.requests import TeamBody
from notifications.delivery import escalation_check
from tests.away.conftest import Shop
from tests.away.post_office import PushService

TEN_MINUTES = 601


def assign(shop: Shop, user: User | None) -> None:
    body = TeamBody(assignee_id=None if user is None else str(user.pk))
    set_team_state(user_id=shop.olivia.pk, conversation_id=shop.conversation.pk, body=body)


def told() -> list[str]:
    """Return the names of those who have received mails since the last call."""
    names = sorted(address.partition("@")[0] for message in mail.outbox for address in message.to)
    mail.outbox.clear()
    return names


def test_only_the_assignee_is_notified(shop: Shop, push_service: PushService) -> None:
    browsers = {user: shop.subscribed(user, push_service) for user in (shop.olivia, shop.amir)}
    assign(shop, shop.amir)
    shop.say(shop.carol, "Is it ready?")
    shop.pass_seconds(11)
    assert [len(push_service.pushes(one)) for one in browsers.values()] == [0, 1]
    shop.pass_seconds(TEN_MINUTES)
    assert told() == ["amir"]


def test_the_customer_is_notified_with_any_assignee(shop: Shop) -> None:
    assign(shop, shop.amir)
    shop.say(shop.olivia, "It is ready")
    shop.pass_seconds(TEN_MINUTES)
    assert told() == ["carol"]


def test_a_new_assignee_is_notified_of_unread_messages(shop: Shop) -> None:
    assign(shop, shop.amir)
    shop.say(shop.carol, "Is it ready?")
    for _ in range(3):  # until the check has deleted the escalation
        shop.pass_seconds(TEN_MINUTES)
    assert told() == ["amir"]
    assign(shop, shop.olivia)
    shop.pass_seconds(TEN_MINUTES)
    assert told() == ["olivia"]
    assign(shop, shop.amir)
    shop.pass_seconds(TEN_MINUTES)
    assert told() == []


def test_everybody_is_notified_when_the_conversation_is_unassigned(shop: Shop) -> None:
    assign(shop, shop.amir)
    shop.say(shop.carol, "Is it ready?")
    assign(shop, None)
    shop.pass_seconds(TEN_MINUTES)
    assert told() == ["amir", "olivia"]


def leaves(shop: Shop) -> None:
    remove_member(business_id=shop.business.pk, user_id=shop.amir.pk)


def is_suspended(shop: Shop) -> None:
    moderation.suspend_user(actor=None, user_id=shop.amir.pk, reason="left")


def becomes_a_bot(shop: Shop) -> None:
    Membership.objects.filter(user=shop.amir).update(is_bot=True)


@pytest.mark.parametrize("cannot_answer", [leaves, is_suspended, becomes_a_bot])
def test_others_are_notified_for_an_assignee_who_cannot_answer(shop: Shop, cannot_answer: Any) -> None:
    assign(shop, shop.amir)
    cannot_answer(shop)
    shop.say(shop.carol, "Is it ready?")
    shop.pass_seconds(TEN_MINUTES)
    assert told() == ["olivia"]


def test_a_notice_under_way_is_left_out_when_a_colleague_takes_over(
    shop: Shop, push_service: PushService
) -> None:
    shop.subscribed(shop.amir, push_service)
    shop.say(shop.carol, "Is it ready?")
    shop.clock.pass_seconds(TEN_MINUTES)
    escalation_check.check_due(shop.clock.now)
    assign(shop, shop.olivia)
    shop.run_jobs()
    assert told() == ["olivia"]
    assert sorted(shop.decisions(shop.amir)) == [
        ("email", "skipped", "assigned"), ("push", "skipped", "assigned")
    ]  # fmt: skip
