"""A push service that never answers delays neither the pushes to other people nor any other delivery."""

from __future__ import annotations

from typing import Any

import pytest
from django_tasks_db.models import DBTaskResult

from chatsite.http import endpoint_pace
from chatsite.http.outgoing import OutgoingFailed, OutgoingResponse
from notifications.delivery.models import Notice, PushSubscription
from notifications.delivery.push import sending
from tests.away.conftest import Shop
from tests.away.post_office import PushService


@pytest.fixture
def stalled_push_service(push_service: PushService, monkeypatch: pytest.MonkeyPatch) -> PushService:
    monkeypatch.setattr(endpoint_pace, "QUICK_TIMEOUT", 0.5)
    monkeypatch.setattr("notifications.delivery.push.subscriptions.SLOW_SECONDS", 0.4)
    push_service.answering.clear()
    return push_service


def jobs_of_slow_queue() -> list[str]:
    rows = DBTaskResult.objects.filter(queue_name="push-slow", status="READY")
    return sorted(row.task_path.rpartition(".")[2] for row in rows)


def test_all_pushes_to_a_person_move_to_the_slow_queue_at_the_first_stall(
    shop: Shop, stalled_push_service: PushService
) -> None:
    browsers = [shop.subscribed(shop.carol, stalled_push_service, f"b{number}") for number in range(3)]
    shop.subscribed(shop.amir, stalled_push_service)
    shop.say(shop.amir, "Hello")
    shop.pass_seconds(11)
    assert len(stalled_push_service.requests) == 1
    assert jobs_of_slow_queue() == ["send_push_slowly"] * 2
    shop.subscribed(shop.carol, stalled_push_service, "another")
    assert PushSubscription.objects.filter(user=shop.carol, is_slow=True).count() == 4
    assert not PushSubscription.objects.filter(user=shop.amir, is_slow=True).exists()

    stalled_push_service.answering.set()
    stalled_push_service.requests.clear()
    for notice in Notice.objects.filter(user=shop.carol, state="pending"):
        sending.deliver(str(notice.pk), shop.clock.now, slowly=True)
    assert [len(stalled_push_service.pushes(browser)) for browser in browsers] == [1, 1, 1]
    assert PushSubscription.objects.filter(user=shop.carol, is_slow=True).count() == 1  # "another"


def test_a_withdrawal_moves_to_the_slow_queue(shop: Shop, push_service: PushService) -> None:
    shop.subscribed(shop.carol, push_service)
    PushSubscription.objects.update(is_slow=True)
    device = PushSubscription.objects.get()
    arguments = (str(device.pk), str(shop.conversation.pk))
    sending.withdraw_push.func(*arguments)
    assert push_service.requests == []
    assert jobs_of_slow_queue() == ["withdraw_push_slowly"]
    sending.withdraw_push_slowly.func(*arguments)
    assert len(push_service.requests) == 1


@pytest.mark.parametrize(("is_slow", "seconds"), [(False, 5.0), (True, 15.0)])
def test_a_push_service_has_five_seconds_before_it_is_slow(
    shop: Shop,
    push_service: PushService,
    monkeypatch: pytest.MonkeyPatch,
    is_slow: bool,
    seconds: float,
) -> None:
    given = []

    def post(*args: Any, **options: Any) -> OutgoingResponse:
        given.append(options["seconds"])
        raise OutgoingFailed("no answer")

    monkeypatch.setattr(sending, "post", post)
    shop.subscribed(shop.carol, push_service)
    device = PushSubscription.objects.get()
    device.is_slow = is_slow
    with pytest.raises(OutgoingFailed):
        sending.post_content(device, b"{}", "topic", shop.clock.now)
    assert given == [seconds]
