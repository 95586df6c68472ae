"""A notice whose job kills every worker is abandoned, and does not hold back later notices."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from chatsite.background.housekeeping import MOST_STARTS, reclaim_lost_jobs
from notifications.delivery.escalation_check import ABANDONED_FOR, check_due
from notifications.delivery.mail.sending import send_mail
from notifications.delivery.models import Notice
from notifications.delivery.notices import abandon_notice, claim
from notifications.delivery.push.sending import send_push
from tests.away.conftest import Shop
from tests.away.post_office import PushService


def kill_workers_of(task: object) -> None:
    """Let as many workers as allowed die while they run the one job of this kind."""
    [result] = DBTaskResult.objects.filter(task_path=task.module_path)  # type: ignore[attr-defined]
    result.worker_ids = [f"dead-{number}/0" for number in range(MOST_STARTS)]
    result.status, result.started_at = TaskResultStatus.RUNNING, timezone.now() - timedelta(minutes=5)
    result.save()
    assert reclaim_lost_jobs() == 0
    for following in DBTaskResult.objects.filter(task_path=abandon_notice.module_path):
        abandon_notice.func(*following.args_kwargs["args"])


def test_a_mail_is_given_up_and_the_next_one_tells_of_the_same(shop: Shop) -> None:
    shop.say(shop.amir, "Hello")
    shop.clock.pass_seconds(601)
    check_due(shop.clock.now)
    kill_workers_of(send_mail)
    assert shop.decisions(shop.carol) == [("email", "failed", "abandoned")]
    Notice.objects.update(finished_at=shop.clock.now)  # by the test's clock, like everything else
    shop.pass_seconds(90)
    assert mail.outbox == [], "it would stop the workers again at once"
    shop.pass_seconds(ABANDONED_FOR.total_seconds() + 60)
    [message] = mail.outbox
    assert "Hello" in message.body


def test_a_push_is_given_up_and_later_messages_have_their_own(shop: Shop, push_service: PushService) -> None:
    browser = shop.subscribed(shop.carol, push_service)
    shop.say(shop.amir, "Hello")
    shop.clock.pass_seconds(11)
    check_due(shop.clock.now)
    kill_workers_of(send_push)
    shop.say(shop.amir, "Are you there?")
    shop.pass_seconds(11)
    assert [push["body"] for push in push_service.pushes(browser)] == ["Are you there?"]
    assert shop.decisions(shop.carol) == [("push", "failed", "abandoned"), ("push", "sent", "sent")]


def test_nobody_knows_of_one_that_had_been_handed_over(shop: Shop) -> None:
    shop.say(shop.amir, "Hello")
    shop.clock.pass_seconds(601)
    check_due(shop.clock.now)
    claim(Notice.objects.get(), {}, shop.clock.now)
    kill_workers_of(send_mail)
    assert shop.decisions(shop.carol) == [("email", "unknown", "interrupted")]


@pytest.mark.parametrize("state", [Notice.State.SENT, Notice.State.SKIPPED])
def test_a_notice_that_has_ended_stays_as_it_is(shop: Shop, state: str) -> None:
    notice = Notice.objects.create(user=shop.carol, channel="email", state=state, reason="read")
    abandon_notice.func(str(notice.pk))
    notice.refresh_from_db()
    assert (notice.state, notice.reason) == (state, "read")
