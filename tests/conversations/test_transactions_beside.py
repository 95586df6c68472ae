"""On PostgreSQL a process runs transactions in parallel if it helps, but never two of one conversation."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import psycopg
import pytest

from chatsite.database.threads import WRITERS
from chatsite.errors import DomainError
from chatsite.realtime.runtime import ProcessRuntime
from conversations.writing import group_commit as writer_module
from conversations.writing.group_commit import LONG, MANY, Writer
from conversations.writing.requests import Request, Send
from tests.conversations.rooms import Room, seqs
from tests.harness.locks import until_somebody_waits
from tests.harness.patience import patience
from tests.harness.rest import eventually


@dataclass
class Database:
    """Records the transactions, and commits when a test tells it to."""

    begun: list[list[str]] = field(default_factory=list)  # the contents of each transaction
    opened: threading.Event = field(default_factory=threading.Event)

    def write(self, changes: Sequence[Request]) -> list[Any]:
        contents = [change.content for change in changes if isinstance(change, Send)]
        self.begun.append(contents)
        self.opened.wait(30)
        return list(contents)

    async def has_begun(self, count: int) -> None:
        async def has() -> bool:
            return len(self.begun) >= count

        await eventually(has, f"{count} transactions have begun")


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    held = Database()
    monkeypatch.setattr(writer_module, "write", held.write)
    monkeypatch.setattr(writer_module, "connection", SimpleNamespace(vendor="postgresql"))
    yield held
    held.opened.set()


def run(database: Database, use: Callable[[Writer], Awaitable[None]]) -> None:
    async def main() -> None:
        runtime = ProcessRuntime()
        try:
            await use(Writer(runtime))
        finally:
            database.opened.set()
            await runtime.stop()

    asyncio.run(asyncio.wait_for(main(), 60))


def say(writer: Writer, room: int, content: str) -> asyncio.Future[Any]:
    return writer.submit(Send(UUID(int=room), 1, content), lambda outcome: outcome)


def test_a_few_changes_of_many_conversations_are_one_transaction(database: Database) -> None:
    async def use(writer: Writer) -> None:
        sent = [say(writer, room, f"m{room}") for room in range(MANY - 1)]
        database.opened.set()
        await asyncio.gather(*sent)
        assert [sorted(contents) for contents in database.begun] == [
            sorted(f"m{room}" for room in range(MANY - 1))
        ]

    run(database, use)


def test_many_changes_are_divided_among_transactions(database: Database) -> None:
    async def use(writer: Writer) -> None:
        sent = [say(writer, room, str(room)) for room in range(WRITERS * MANY)]
        await database.has_begun(WRITERS)
        parts = [{int(content) % WRITERS for content in contents} for contents in database.begun]
        assert sorted(part.pop() for part in parts) == list(range(WRITERS))
        assert parts == [set()] * WRITERS  # each had conversations of one part alone
        database.opened.set()
        await asyncio.gather(*sent)

    run(database, use)


def test_a_few_wait_for_the_one_under_way(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "LONG", 60)

    async def use(writer: Writer) -> None:
        first = say(writer, 1, "first")
        await database.has_begun(1)
        later = [say(writer, room, str(room)) for room in (2, 3, 4)]
        await asyncio.sleep(0.1)
        assert database.begun == [["first"]]
        database.opened.set()
        await asyncio.gather(first, *later)
        assert [sorted(contents) for contents in database.begun] == [["first"], ["2", "3", "4"]]

    run(database, use)


def test_waiting_is_limited(database: Database) -> None:
    async def use(writer: Writer) -> None:
        first = say(writer, 1, "stuck")
        await database.has_begun(1)
        began = asyncio.get_running_loop().time()
        later = say(writer, 2, "later")
        await database.has_begun(2)
        assert asyncio.get_running_loop().time() - began >= LONG * 0.9
        assert database.begun == [["stuck"], ["later"]]
        database.opened.set()
        await asyncio.gather(first, later)

    run(database, use)


def test_many_do_not_wait(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "LONG", 60)

    async def use(writer: Writer) -> None:
        first = say(writer, 1, "first")
        await database.has_begun(1)
        later = [say(writer, 2, f"m{number}") for number in range(MANY)]
        await database.has_begun(2)
        assert database.begun[1] == [f"m{number}" for number in range(MANY)]
        database.opened.set()
        await asyncio.gather(first, *later)

    run(database, use)


def test_a_conversation_is_in_one_transaction_at_a_time(database: Database) -> None:
    async def use(writer: Writer) -> None:
        first = say(writer, 1, "first")
        await database.has_begun(1)
        rest = [say(writer, 1, f"m{number}") for number in range(MANY * 2)]
        other = say(writer, 2, "other")
        await database.has_begun(2)
        await asyncio.sleep(LONG * 2)
        assert database.begun == [["first"], ["other"]]
        database.opened.set()
        await asyncio.gather(first, other, *rest)
        assert database.begun[2:] == [[f"m{number}" for number in range(MANY * 2)]]

    run(database, use)


def test_an_answer_that_fails_fails_only_its_change(database: Database) -> None:
    def fail(outcome: Any) -> Any:
        raise RuntimeError("a bug")

    async def use(writer: Writer) -> None:
        database.opened.set()
        failing = writer.submit(Send(UUID(int=1), 1, "hello"), fail)
        sent = say(writer, 1, "hello again")
        with pytest.raises(DomainError) as raised:
            await failing
        assert raised.value.code == "internal"
        assert await sent == "hello again"
        assert await say(writer, 1, "and again") == "and again"

    run(database, use)


async def test_a_waiting_conversation_does_not_delay_others(services_room: Room) -> None:
    held = services_room
    other = await Room.open(held.cast)
    clients = [await room.join(room.customer, server=1) for room in (held, other)]
    with psycopg.connect(held.cast.stage.deployment.environment["DATABASE_URL"]) as locker:
        locker.execute("SELECT FROM conversations_conversation WHERE id = %s FOR UPDATE", [held.id])
        waiting = [held.begin_send(clients[0], f"m{number}") for number in range(5)]
        await until_somebody_waits(locker)
        async with asyncio.timeout(patience(5)):
            for number in range(20):
                await other.send(clients[1], f"m{number}")
        assert not any(task.done() for task in waiting)
        locker.rollback()
    acks = await asyncio.gather(*waiting)
    assert [ack["message"]["seq"] for ack in acks] == [1, 2, 3, 4, 5]
    for room, count in ((held, 5), (other, 20)):
        history = await room.history(room.olivia)
        assert seqs(history) == list(range(1, count + 1))
        assert [message["content"] for message in history] == [f"m{number}" for number in range(count)]
