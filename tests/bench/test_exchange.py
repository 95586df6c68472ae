"""Two people take turns, with at most one message in progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest

from bench.exchange import Exchange
from bench.wire import Socket

pytestmark = pytest.mark.standalone


class SilentSocket:
    on_acked: Callable[[float], None]
    on_message: Callable[[bytes], None]

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, event: str, data: str) -> None:
        self.sent.append(data)


@pytest.fixture
def people() -> list[SilentSocket]:
    return [SilentSocket(), SilentSocket()]


@pytest.fixture
def exchange(people: list[SilentSocket]) -> Exchange:
    made = Exchange("7", [cast("Socket", person) for person in people])
    made.start()
    return made


def test_the_next_message_waits_for_ack_and_delivery(people: list[SilentSocket], exchange: Exchange) -> None:
    sender, receiver = (people[1], people[0]) if people[1].sent else (people[0], people[1])
    sender.on_acked(0.001)
    sender.on_message(sender.sent[0].encode())
    receiver.on_message(b'{"clientId":"another"}')
    assert (len(sender.sent), len(receiver.sent), exchange.times) == (1, 0, [])
    receiver.on_message(sender.sent[0].encode())
    assert (len(sender.sent), len(receiver.sent), len(exchange.times)) == (1, 1, 1)


def test_it_stops(people: list[SilentSocket], exchange: Exchange) -> None:
    exchange.stop()
    for person in people:
        person.on_acked(0.001)
        person.on_message((people[0].sent + people[1].sent)[0].encode())
    assert len(people[0].sent + people[1].sent) == 1
