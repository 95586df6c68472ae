"""A user has one rate limit for sockets, requests and all processes."""

from __future__ import annotations

import asyncio
import time

import pytest

from chatsite.realtime.redis.rate_limits import Reporter
from chatsite.realtime.user_limit import UserBuckets
from tests.attack.conftest import PRODUCTION, SERVERS
from tests.attack.sockets import TRANSPORTS, Refused, Transport, Wire
from tests.conversations.rooms import Room
from tests.harness.backend import Deployment
from tests.harness.services import Redis

RATE, BURST = (int(PRODUCTION[f"USER_CHANGES_{name}"]) for name in ("PER_SECOND", "BURST"))
NOBODYS = "01a208d4-b5ab-76fb-a82d-f90feed3bbfd"
EMPTY = f'{{"conversationId":"{NOBODYS}","content":""}}'  # spends, and then is refused


async def exhaust(wire: Wire) -> int:
    """Use up the limit, as fast as the socket accepts frames, and return how many requests were allowed."""
    frame, count, began = wire.framed('"send_message"', EMPTY), 2 * BURST, time.monotonic()
    for _ in range(count):
        await wire.send_text(frame)
    codes = [(await wire.push())[1]["code"] for _ in range(count)]
    assert {*codes} == {"invalid", "rate_limited"}
    assert codes.count("invalid") <= BURST + earned_since(began)
    return codes.count("invalid")


def earned_since(began: float) -> float:
    """Return how many requests the rate allows until now, with a margin."""
    return RATE * (time.monotonic() - began) * 1.3 + 5


async def spend_on(wire: Wire, seconds: float) -> int:
    """Send as fast as answers come, and return how many requests were allowed."""
    taken, waits, end = 0, list[float](), time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            await wire.call_raw('"send_message"', EMPTY)
        except Refused as refused:
            taken += refused.code == "invalid"
            if refused.code == "rate_limited":
                waits.append(refused.data["details"]["retryAfter"])
                await asyncio.sleep(0.01)
    assert all(0 < wait < 120 for wait in waits)
    return taken


async def wires_of(room: Room, transport: Transport) -> list[Wire]:
    """Return one socket on each process that shares limits. The embedded site has one process."""
    deployment = room.cast.stage.deployment
    servers = SERVERS if deployment.flavour == "services" else SERVERS[:1]
    return [await Wire.open(transport, deployment.server(n), room.customer.access) for n in servers]


async def close(wires: list[Wire]) -> None:
    for wire in wires:
        await wire.socket.close()


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_user_who_floods_all_processes_gets_one_rate(room: Room, transport: Transport) -> None:
    wires = await wires_of(room, transport)
    began = time.monotonic()  # the limit is used up somewhere in the middle of this
    # A process that is slower than the other learns from Redis that the limit is used up, before it has allowed much.
    assert sum(await asyncio.gather(*(exhaust(wire) for wire in wires))) > BURST / 2
    await asyncio.sleep(0.5)  # two reports
    await close(wires)

    # The limit is used up on every transport, and only for this user. On a slow machine it refills meanwhile.
    async with room.customer.rest_on(len(wires) - 1) as rest:
        posts = [rest.http.post(f"{room.path}/messages", json={"content": "by REST"}) for _ in range(50)]
        answers = await asyncio.gather(*posts)
    refused = [answer for answer in answers if answer.status_code != 201]
    let = len(answers) - len(refused)
    assert let <= earned_since(began), "REST went past the limit"
    for answer in refused:
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (429, "rate_limited")
        assert error["details"]["retryAfter"] > 0
    neighbour = await Room.open(room.cast)
    (sent,) = await neighbour.say(neighbour.customer, "I am still heard")
    assert sent["seq"] == 1


@pytest.mark.parametrize(
    ("command", "data"),
    [
        ("edit_message", '{"messageId":"01a208d4-b5ab-76fb-a82d-f90feed3bbfd","content":"x"}'),
        ("delete_message", '{"messageId":"01a208d4-b5ab-76fb-a82d-f90feed3bbfd"}'),
        ("typing_start", f'{{"conversationId":"{NOBODYS}"}}'),
        ("typing_stop", f'{{"conversationId":"{NOBODYS}"}}'),
        ("mark_read", f'{{"conversationId":"{NOBODYS}","messageIds":["{NOBODYS}"]}}'),
        ("mark_delivered", f'{{"conversationId":"{NOBODYS}","messageIds":["{NOBODYS}"]}}'),
        ("look", f'{{"conversationId":"{NOBODYS}"}}'),
        ("join_conversation", f'{{"conversationId":"{NOBODYS}"}}'),
        ("leave_conversation", f'{{"conversationId":"{NOBODYS}"}}'),
        ("sync", f'{{"conversations":{{"{NOBODYS}":0}}}}'),
    ],
)
async def test_every_command_draws_from_it(room: Room, command: str, data: str) -> None:
    wires = await wires_of(room, "native")
    assert await exhaust(wires[0]) > BURST / 2
    frame = wires[0].framed(f'"{command}"', data)
    for _ in range(60):
        await wires[0].send_text(frame)
    while (await wires[0].push())[1].get("code") != "rate_limited":
        continue  # the limit refills a little meanwhile
    await close(wires)


async def test_in_the_long_run_there_is_one_rate(room: Room) -> None:
    wires = await wires_of(room, "native")
    assert await exhaust(wires[0]) > BURST / 2
    await asyncio.gather(
        *(spend_on(wire, 1) for wire in wires[1:])
    )  # they learn of it with their first report
    began = time.monotonic()
    await asyncio.sleep(0.5)
    taken = sum(await asyncio.gather(*(spend_on(wire, 3) for wire in wires)))
    took = time.monotonic() - began
    assert taken <= RATE * took * 1.3 + 5, f"{taken} in {took:.1f} s"
    for wire in wires:
        await wire.lives()
    await close(wires)


async def test_without_redis_each_process_holds_to_its_own(room: Room) -> None:
    deployment: Deployment = room.cast.stage.deployment
    wires = await wires_of(room, "native")
    if deployment.redis is not None:
        deployment.redis.kill()
    try:
        began = time.monotonic()
        allowed = await asyncio.gather(*(exhaust(wire) for wire in wires))
        assert min(allowed) > BURST / 2
        for wire in wires:
            await wire.lives()
        taken = sum(await asyncio.gather(*(spend_on(wire, 2) for wire in wires)))
        assert sum(allowed) + taken <= len(wires) * (BURST + earned_since(began))
    finally:
        if deployment.redis is not None:
            deployment.redis.start()
    await close(wires)


# --- The arithmetic -------------------------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr("chatsite.realtime.token_bucket.time.monotonic", lambda: now[0])
    return now


def test_a_burst_and_then_the_rate(clock: list[float]) -> None:
    bucket = UserBuckets(rate=10, burst=3)
    assert [bucket.take("a") for _ in range(4)] == [0, 0, 0, pytest.approx(0.1)]
    assert bucket.take("b") == 0
    clock[0] += 0.11
    assert [bucket.take("a") > 0 for _ in range(2)] == [False, True]


def test_costs_of_other_processes_count_here(clock: list[float]) -> None:
    bucket = UserBuckets(rate=10, burst=100)
    for _ in range(10):
        bucket.take("a")
    assert bucket.collect() == {"a": 10}
    bucket.take("a")  # while the report is on its way
    bucket.settle("a", 12)  # 20 tokens of debt: 120 to go until it is full
    assert bucket.take("a") == pytest.approx(2.2)
    assert bucket.collect() == {"a": 1}
    assert bucket.collect() == {}


def test_a_lost_report_is_sent_later_but_not_for_ever(clock: list[float]) -> None:
    bucket = UserBuckets(rate=10, burst=100)
    bucket.take("a")
    bucket.restore(bucket.collect())
    bucket.take("a")
    assert bucket.collect() == {"a": 2}
    bucket.restore({"a": 5_000})
    assert bucket.collect() == {"a": 100}


def test_a_call_draws_its_cost(clock: list[float]) -> None:
    bucket = UserBuckets(rate=10, burst=10)
    assert bucket.take("a", 9.5) == 0
    assert bucket.take("a", 1) == pytest.approx(0.05)
    assert bucket.take("a", 0.5) == 0
    assert bucket.take("a", 0.1) == pytest.approx(0.01)
    assert bucket.collect() == {"a": 10}


def test_what_is_given_back_is_not_reported_and_hides_nothing(clock: list[float]) -> None:
    bucket = UserBuckets(rate=10, burst=10)
    bucket.take("a")
    bucket.give_back("a", 1)
    assert [bucket.take("a", 10), bucket.collect()] == [0, {"a": 10}]
    bucket.give_back("a", 1)
    assert bucket.collect() == {"a": -1}


def test_a_cost_above_the_burst_needs_a_full_bucket(clock: list[float]) -> None:
    bucket = UserBuckets(rate=10, burst=10)
    assert bucket.take("a", 25) == 0
    clock[0] += 1.6
    assert bucket.take("a", 1) == 0
    assert bucket.take("b", 1) == 0
    assert bucket.take("b", 25) == pytest.approx(0.1)


def test_essential_commands_may_exceed_the_limit(clock: list[float]) -> None:
    bucket = UserBuckets(rate=10, burst=10)
    for _ in range(10):
        bucket.take("a")
    assert bucket.take("a") > 0
    assert [bucket.take("a", essential=True) for _ in range(11)] == [0] * 10 + [pytest.approx(0.1)]


def test_an_idle_user_is_forgotten(clock: list[float]) -> None:
    bucket = UserBuckets(rate=10, burst=100)
    bucket.take("a")
    clock[0] += 60
    bucket.take("b")
    bucket.sweep()
    assert len(bucket) == 2  # a's last change is not reported yet
    bucket.collect()
    bucket.sweep()
    assert len(bucket) == 1


async def test_processes_share_one_bucket_in_redis(redis: Redis) -> None:
    processes = [UserBuckets(rate=0.001, burst=100) for _ in range(3)]
    reporters = [Reporter(buckets, redis.url, "test") for buckets in processes]
    for buckets in processes:
        for _ in range(30):
            assert buckets.take("a") == 0
    for _ in range(2):
        for buckets, reporter in zip(processes, reporters, strict=True):
            buckets.take("a")
            await reporter.report()
    taken = 0
    for buckets in processes[:1]:
        while not buckets.take("a"):
            taken += 1
    assert 96 <= 96 + taken <= 104


async def test_a_reporter_without_redis_says_so_once(redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    buckets = UserBuckets(rate=0.001, burst=100)
    reporter = Reporter(buckets, redis.url, "test")
    redis.kill()
    for _ in range(3):
        buckets.take("a")
        await reporter.report()
    assert caplog.text.count("on its own") == 1
    redis.start()
    await reporter.report()
    assert buckets.collect() == {}
    other = UserBuckets(rate=0.001, burst=100)
    other.take("a")
    await Reporter(other, redis.url, "test").report()
    taken = 0
    while not other.take("a"):
        taken += 1
    assert taken == 100 - 3 - 1, "what was spent during the outage is owed everywhere"
