"""A burst at once, then a steady rate."""

from __future__ import annotations

import pytest

from chatsite.realtime.token_bucket import TokenBucket

pytestmark = pytest.mark.standalone


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("chatsite.realtime.token_bucket.time", clock)
    return clock


def test_the_burst_and_then_the_rate(clock: Clock) -> None:
    bucket = TokenBucket(rate=10, burst=3)
    assert [bucket.take() for _ in range(4)] == [0, 0, 0, pytest.approx(0.1)]
    clock.now += 0.05
    assert bucket.take() == pytest.approx(0.05)
    clock.now += 0.051
    assert [bucket.take() > 0 for _ in range(2)] == [False, True]


def test_a_long_rest_gives_one_burst_and_no_more(clock: Clock) -> None:
    bucket = TokenBucket(rate=10, burst=3)
    clock.now += 3600
    assert [bucket.take() > 0 for _ in range(5)] == [False, False, False, True, True]


def test_asking_in_vain_costs_nothing(clock: Clock) -> None:
    bucket = TokenBucket(rate=1, burst=1)
    bucket.take()
    for _ in range(100):
        bucket.take()
    clock.now += 1.01
    assert bucket.take() == 0
