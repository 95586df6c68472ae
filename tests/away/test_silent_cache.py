"""While the cache does not answer, no check waits for it with the locks of conversations."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from django.core import mail

from conversations.models import Conversation
from notifications.delivery import attention, escalation_check
from tests.away.conftest import Shop

TEN_MINUTES = 601


class SilentCache:
    """Fails each call, and notes whether the caller held locks."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[bool] = []
        self._holds_locks = False
        silent = SimpleNamespace(get=self._fail, get_many=self._fail, set_many=self._fail)
        monkeypatch.setattr(attention, "cache", silent)
        monkeypatch.setattr(attention, "_cache", attention.PausingCache())
        whole = escalation_check._check_batch

        def noting(now: datetime) -> int:
            self._holds_locks = True
            try:
                return whole(now)
            finally:
                self._holds_locks = False

        monkeypatch.setattr(escalation_check, "_check_batch", noting)

    def _fail(self, *args: Any) -> Any:
        self.asked.append(self._holds_locks)
        raise redis.TimeoutError("no answer")


@pytest.fixture
def silent_cache(monkeypatch: pytest.MonkeyPatch) -> SilentCache:
    return SilentCache(monkeypatch)


def test_several_batches_wait_once_and_without_locks(
    shop: Shop, silent_cache: SilentCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(escalation_check, "BATCH", 1)
    others = [
        Conversation.objects.create(business=shop.business, customer=shop.person(f"c{n}")) for n in (1, 2)
    ]
    for where in (shop.conversation, *others):
        shop.say(where.customer, "Hello", where)
    shop.pass_seconds(TEN_MINUTES)
    assert silent_cache.asked == [False]
    assert len(mail.outbox) == 2, "an extra mail is better than none"


def test_a_pause_that_ends_during_the_check_ends_before_it(
    shop: Shop, silent_cache: SilentCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "ASK_AGAIN_SECONDS", attention.TRIED_SECONDS / 2)
    attention.note(["1"])
    attention.note(["1"])
    assert silent_cache.asked == [False]
    attention.try_cache()
    assert silent_cache.asked == [False, False]


def test_the_cache_is_asked_again_after_the_pause(
    silent_cache: SilentCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "ASK_AGAIN_SECONDS", 0.0)
    attention.attentive_users(["1"])
    monkeypatch.setattr(attention, "cache", SimpleNamespace(get_many=lambda keys: dict.fromkeys(keys, 1)))
    assert attention.attentive_users(["1"]) == {"1"}
