"""Events of one group are delivered in the order of their `rev`."""

from __future__ import annotations

import random

import msgspec
import pytest

from chatsite.realtime.events import Event
from chatsite.realtime.hub import LocalGroup
from chatsite.realtime.ordering import MOST_HELD, RevisionOrder
from chatsite.realtime.runtime import ProcessRuntime
from tests.presence.process import eventually
from tests.realtime.seats import seat

pytestmark = pytest.mark.standalone

WAIT = 0.05


def event(rev: int) -> Event:
    return Event("new_message", b"{}", rev=rev)


@pytest.fixture
def out() -> list[int]:
    return []


@pytest.fixture
async def order(out: list[int]) -> RevisionOrder:
    return RevisionOrder(lambda event: out.append(event.rev), WAIT)


class Collects:
    user_id = "1"

    def __init__(self, out: list[int]) -> None:
        self.out = out

    def deliver(self, event: Event) -> None:
        self.out.append(event.rev)


def add(order: RevisionOrder, *revs: int) -> None:
    for rev in revs:
        order.add(event(rev))


async def test_events_in_order_leave_at_once(order: RevisionOrder, out: list[int]) -> None:
    order.start_after(4)
    add(order, 5, 6, 7)
    assert out == [5, 6, 7]
    assert order.last == 7


async def test_an_early_event_waits_for_the_missing_one(order: RevisionOrder, out: list[int]) -> None:
    order.start_after(4)
    add(order, 7, 6)
    assert out == []
    add(order, 5)
    assert out == [5, 6, 7]


@pytest.mark.parametrize("start", [0, 1, 100])
async def test_any_order_becomes_one(order: RevisionOrder, out: list[int], start: int) -> None:
    """This includes the first event of a new conversation, whose `rev` is 0."""
    order.start_after(start)
    revs = list(range(start + 1, start + 60))
    add(order, *random.Random(start).sample(revs, len(revs)))
    assert out == revs


async def test_it_does_not_wait_for_ever_and_still_passes_on_late_events(
    order: RevisionOrder, out: list[int]
) -> None:
    order.start_after(1)
    add(order, 4, 3)
    await eventually(lambda: out == [3, 4])
    add(order, 5, 2)
    assert out == [3, 4, 5, 2]


async def test_a_repeated_event_is_dropped(order: RevisionOrder, out: list[int]) -> None:
    order.start_after(1)
    add(order, 2, 2, 4)
    await eventually(lambda: out == [2, 4])
    add(order, 4, 3, 3)
    assert out == [2, 4, 3]


async def test_without_a_rev_there_is_no_order() -> None:
    out: list[int] = []
    group = LocalGroup()
    group.subscribers.append(Collects(out))
    group.order.start_after(1)
    for rev in (3, 0):
        group.take(event(rev))
    assert out == [0]


async def test_events_on_their_way_when_the_first_socket_joined(order: RevisionOrder, out: list[int]) -> None:
    order.start_after(100)
    add(order, 100, 99, 101, 99, 20)
    assert out == [100, 99, 101]


async def test_the_first_event_sets_the_start_where_nobody_has(order: RevisionOrder, out: list[int]) -> None:
    add(order, 50, 52, 51)
    assert out == [50, 51, 52]
    order.start_after(10)
    add(order, 53)
    assert out[-1] == 53


async def test_the_number_of_held_events_is_bounded(order: RevisionOrder, out: list[int]) -> None:
    order.start_after(1)
    add(order, *range(3, MOST_HELD + 4))
    assert out == list(range(3, MOST_HELD + 4))
    order.close()


async def test_the_hub_keeps_it_for_every_socket(runtime: ProcessRuntime) -> None:
    _, wire = await seat(runtime, "room")
    runtime.hub.start_after("room", 0)
    for rev in (2, 3, 1):
        runtime.hub.publish([("room", Event("news", str(rev).encode(), rev=rev))])
    await eventually(lambda: len(wire.written) == 3)
    assert [msgspec.json.decode(frame)["data"] for frame in wire.written] == [1, 2, 3]
