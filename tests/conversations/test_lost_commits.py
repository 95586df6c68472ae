"""When the answer to a COMMIT is lost, its events are not sent, and both sides get the conversation again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any
from unittest.mock import Mock, patch

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from chatsite.database import pipeline
from chatsite.database.threads import THREADS, in_database_thread
from chatsite.realtime import groups
from chatsite.realtime.runtime import ProcessRuntime
from conversations import operations
from conversations.models import Conversation
from conversations.writing import commit_recovery
from conversations.writing.conversation_sql import lock_conversations
from conversations.writing.requests import Send
from conversations.writing.write_batch import write
from tests.conversations.people import business, conversation, person
from tests.harness.patience import patience
from tests.harness.rest import eventually

pytestmark = pytest.mark.django_db(transaction=True)

_commit = BaseDatabaseWrapper.commit


class Lost:
    """Commits whose answers are lost.

    `written` says for each whether it was committed; None lets it and all later ones succeed.
    """

    def __init__(self, *written: bool | None) -> None:
        self._to_come = list(written)

    def commit(self, wrapper: BaseDatabaseWrapper) -> None:
        written = self._to_come.pop(0) if self._to_come else None
        if written is not False:
            _commit(wrapper)
        if written is not None:
            raise OperationalError("server closed the connection unexpectedly")


class Listener:
    """A socket of the customer."""

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.heard: list[tuple[str, bytes]] = []

    def deliver(self, event: Any) -> None:
        self.heard.append((event.name, event.data))

    async def has_heard(self, count: int) -> None:
        async def has() -> bool:
            return len(self.heard) >= count

        await eventually(has, f"{count} events")


@pytest.fixture
def talk() -> Conversation:
    return conversation(business(person()))


def leave_it_to_django() -> None:
    """Stand in for `pipeline.commit`, so that Django sends each COMMIT, which `Lost` replaces."""


def run(
    talk: Conversation,
    lost: Lost,
    use: Callable[[Listener, ProcessRuntime], Awaitable[None]],
    *,
    commit: Callable[[], None] = leave_it_to_django,
) -> None:
    async def main() -> None:
        runtime = ProcessRuntime()
        listener = Listener(str(talk.customer_id))
        await runtime.hub.subscribe(groups.user(listener.user_id), listener)

        def answer(wrapper: BaseDatabaseWrapper) -> None:
            lost.commit(wrapper)

        with (
            patch.object(commit_recovery, "running_runtime", lambda: runtime),
            patch.object(commit_recovery, "commit", commit),
            patch.object(BaseDatabaseWrapper, "commit", answer),
        ):
            try:
                await use(listener, runtime)
            finally:
                await runtime.stop()
                await close_connections()

    asyncio.run(asyncio.wait_for(main(), 60))


async def close_connections() -> None:
    """Close the connections of every database thread, so that the test's database can be deleted."""
    all_at_once = threading.Barrier(THREADS)

    def close() -> None:
        all_at_once.wait(patience(10))
        connections.close_all()

    await asyncio.gather(*(in_database_thread(close) for _ in range(THREADS)))


def say(talk: Conversation, content: str) -> None:
    with pytest.raises(OperationalError):
        write([Send(talk.pk, talk.customer_id, content, client_id=content)])


@pytest.mark.parametrize("committed", [True, False])
def test_the_current_conversation_is_sent(talk: Conversation, committed: bool) -> None:
    async def use(listener: Listener, runtime: ProcessRuntime) -> None:
        await in_database_thread(say, talk, "there or not")
        await listener.has_heard(1)
        [(name, data)] = listener.heard
        assert name == "conversation_updated"
        assert (b'"lastMessage":"there or not"' in data) == committed
        assert (b'"rev":1,' in data) == committed

    run(talk, Lost(committed), use)


def test_a_commit_that_was_sent_with_other_statements_is_recovered_too(talk: Conversation) -> None:
    def commit_and_lose() -> None:
        pipeline.commit()
        raise OperationalError("server closed the connection unexpectedly")

    async def use(listener: Listener, runtime: ProcessRuntime) -> None:
        await in_database_thread(say, talk, "there")
        await listener.has_heard(1)
        assert [name for name, _ in listener.heard] == ["conversation_updated"]

    run(talk, Lost(), use, commit=commit_and_lose)


def test_it_is_sent_when_the_database_answers_again(
    talk: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit_recovery, "RETRY_SECONDS", 0.05)

    async def use(listener: Listener, runtime: ProcessRuntime) -> None:
        await in_database_thread(say, talk, "there")
        await listener.has_heard(1)
        await asyncio.sleep(0.2)
        assert len(listener.heard) == 1

    # The reading's own transactions fail three times.
    run(talk, Lost(True, False, False, False), use)


# SQLite has one writer at a time, and nothing outlives its connection.
if connection.vendor == "postgresql":

    def test_a_transaction_that_is_still_under_way_is_waited_for(
        talk: Conversation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(commit_recovery, "RETRY_SECONDS", 0.05)
        monkeypatch.setattr(commit_recovery, "LOCK_SECONDS", 0.2)
        locked, enough = threading.Event(), threading.Event()
        reading = Mock(wraps=commit_recovery._read)
        monkeypatch.setattr(commit_recovery, "_read", reading)

        def hold() -> None:
            with transaction.atomic():
                lock_conversations([talk.pk])
                locked.set()
                enough.wait(30)
            connections.close_all()

        async def use(listener: Listener, runtime: ProcessRuntime) -> None:
            holding = asyncio.create_task(asyncio.to_thread(hold))
            await asyncio.to_thread(locked.wait, 30)
            commit_recovery._remember(runtime, {talk.pk})
            await asyncio.sleep(0.6)
            assert not listener.heard
            assert reading.call_count > 1  # no thread waits for long
            enough.set()
            await holding
            await listener.has_heard(1)

        run(talk, Lost(), use)


def test_a_conversation_lost_during_a_recovery_is_recovered_too(
    talk: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit_recovery, "RETRY_SECONDS", 0.01)
    reading, told = asyncio.Event(), asyncio.Event()

    async def use(listener: Listener, runtime: ProcessRuntime) -> None:
        asked: list[list[Any]] = []

        async def read(function: Any, part: list[Any]) -> list[Conversation]:
            asked.append(part)
            reading.set()
            await told.wait()
            return []

        monkeypatch.setattr(commit_recovery, "in_database_thread", read)
        commit_recovery._remember(runtime, {talk.pk})
        await reading.wait()
        commit_recovery._remember(runtime, {talk.pk})
        told.set()
        await asyncio.sleep(0.1)
        assert asked == [[talk.pk]] * 2
        commit_recovery._remember(runtime, {talk.pk})  # when nothing is left to resend
        await asyncio.sleep(0.1)
        assert asked == [[talk.pk]] * 3

    run(talk, Lost(), use)


def test_an_edit_and_a_delete_are_shown_too(talk: Conversation) -> None:
    [sent] = write([Send(talk.pk, talk.customer_id, "first")])
    message_id = sent.message.id  # type: ignore[union-attr]
    user = {"user_id": talk.customer_id, "message_id": message_id}

    def lose(operation: Callable[..., object], **arguments: object) -> None:
        with pytest.raises(OperationalError):
            operation(**user, **arguments)

    async def use(listener: Listener, runtime: ProcessRuntime) -> None:
        await in_database_thread(lose, operations.edit_message, content="second")
        await listener.has_heard(1)
        assert b'"lastMessage":"second"' in listener.heard[0][1]
        await in_database_thread(lose, operations.delete_message)
        await listener.has_heard(2)
        assert b'"rev":3,' in listener.heard[1][1]

    run(talk, Lost(True, None, True), use)  # between them is the reading's
