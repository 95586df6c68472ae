"""SIGTERM of a server process under load, as in a deployment."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import psycopg
import pytest

from tests.conversations.rooms import Room, Watcher
from tests.harness.backend import Deployment
from tests.harness.client import LiveClient, LiveClosed
from tests.harness.locks import until_somebody_waits
from tests.harness.patience import patience
from tests.harness.rest import ApiError, Json, eventually
from tests.harness.servers import GRACEFUL_SECONDS, STOP_SECONDS, Server

MANY = 600
SOCKETS = 200
RATE = 250  # clients that are told to reconnect within one second


@pytest.fixture(params=[0, 1], ids=["daphne", "uvicorn"])
def stopped(request: pytest.FixtureRequest, stopping_services: Deployment) -> Iterator[int]:
    """The number of the process that a test stops. It starts again, and the next test waits for it."""
    number: int = request.param
    server = stopping_services.server(number)
    yield number
    server.terminate()
    server.launch()


def terminate(server: Server) -> asyncio.Task[None]:
    return asyncio.create_task(asyncio.to_thread(server.terminate))


async def test_only_committed_messages_are_acknowledged_and_announced(
    stopping_room: Room, stopped: int
) -> None:
    room = stopping_room
    server = room.cast.stage.deployment.server(stopped)
    sender, elsewhere = await room.join(room.customer, stopped), await room.watch(room.olivia, 2)
    calls = [room.begin_send(sender, f"m{number}", f"stop-{number}") for number in range(MANY)]
    some = asyncio.Event()
    calls[20].add_done_callback(lambda call: some.set())
    await asyncio.wait_for(some.wait(), patience(10))
    began = time.monotonic()
    stopping = terminate(server)
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert await sender.closed() == 1012
    assert (await sender.expect("server_stopping"))["retryAfter"] >= 0.5
    await stopping
    assert time.monotonic() - began < min(patience(8), STOP_SECONDS), "it had to be killed"
    acked = {ack["message"]["id"] for ack in outcomes if isinstance(ack, dict)}
    refused = [outcome for outcome in outcomes if not isinstance(outcome, dict)]
    assert all(isinstance(error, LiveClosed) or is_unavailable(error) for error in refused), refused
    rows = await room.olivia.rest_on(2).pages(f"{room.path}/messages", limit=200)
    assert {row["id"] for row in rows} == acked
    await told_of_everything(elsewhere, len(acked))


def is_unavailable(error: BaseException) -> bool:
    return isinstance(error, ApiError) and error.code == "unavailable" and error.details["retryAfter"] > 0


async def told_of_everything(watcher: Watcher, count: int) -> None:
    """Check that the events alone told the clients everything, without `sync`."""
    await watcher.client.expect("new_message", lambda data: data["message"]["seq"] == count)
    arrived = [
        frame.data["message"]["seq"] for frame in watcher.client.events if frame.event == "new_message"
    ]
    assert arrived == list(range(1, count + 1))


async def test_while_it_finishes_nothing_new_begins(stopping_room: Room, stopped: int) -> None:
    """A send that waits for a lock delays the end of the process, so that the test can observe it."""
    room = stopping_room
    deployment = room.cast.stage.deployment
    server = deployment.server(stopped)
    sender, late = await room.join(room.customer, stopped), await room.idle(room.amir, stopped)
    rest = room.olivia.rest_on(stopped)
    with psycopg.connect(deployment.environment["DATABASE_URL"]) as locker:
        locker.execute("SELECT 1 FROM conversations_conversation WHERE id = %s FOR UPDATE", [room.id])
        waiting = room.begin_send(sender, "taken before")
        await until_somebody_waits(locker)
        stopping = terminate(server)

        async def says_so() -> bool:
            ready = await rest.http.get("/readyz")
            return (ready.status_code, ready.json()["stopping"]) == (503, True)

        await eventually(says_so, "the process says that it stops")
        assert (await rest.http.get("/healthz")).status_code == 200
        with pytest.raises(ApiError) as refusal:
            await room.send(late, "taken after")
        assert is_unavailable(refusal.value)
        await turned_away(server, room.amir.access)
        assert not waiting.done()
    ack = await waiting
    assert {await sender.closed(), await late.closed()} == {1012}
    await stopping
    assert [row["id"] for row in await room.history(room.cast.amir)] == [ack["message"]["id"]]


async def turned_away(server: Server, access: str) -> None:
    newcomer = await LiveClient.open(server.live_url, access)
    assert await newcomer.closed() == 1013
    assert (await newcomer.expect("error"))["code"] == "unavailable"


@pytest.mark.parametrize("stopped", [0], indirect=True, ids=["daphne"])
async def test_clients_are_told_to_reconnect_one_after_the_other(stopping_room: Room, stopped: int) -> None:
    room = stopping_room
    people = [room.customer, room.olivia, room.amir]
    sockets = [await room.idle(people[number % 3], stopped) for number in range(SOCKETS)]
    stopping = terminate(room.cast.stage.deployment.server(stopped))
    hints: list[Json] = await asyncio.gather(*(socket.expect("server_stopping") for socket in sockets))
    assert set(await asyncio.gather(*(socket.closed() for socket in sockets))) == {1012}
    await stopping
    moments = sorted(hint["retryAfter"] for hint in hints)
    assert moments[0] >= 0.5
    for early, late in zip(moments, moments[RATE // 10 + 1 :], strict=False):
        assert late - early > 0.09, "more than the rate within a tenth of a second"
    assert moments[-1] < 3


@pytest.mark.parametrize("stopped", [1], indirect=True, ids=["uvicorn"])
async def test_a_second_signal_ends_it_at_once(stopping_room: Room, stopped: int) -> None:
    room = stopping_room
    deployment = room.cast.stage.deployment
    sender = await room.join(room.customer, stopped)
    with psycopg.connect(deployment.environment["DATABASE_URL"]) as locker:
        locker.execute("SELECT 1 FROM conversations_conversation WHERE id = %s FOR UPDATE", [room.id])
        waiting = room.begin_send(sender, "never acked")
        await until_somebody_waits(locker)
        stopping = terminate(deployment.server(stopped))
        await sender.expect("server_stopping")
        began = time.monotonic()
        again = terminate(deployment.server(stopped))
        with pytest.raises(LiveClosed):
            await waiting
        assert time.monotonic() - began < GRACEFUL_SECONDS - 1
    await asyncio.gather(stopping, again)
