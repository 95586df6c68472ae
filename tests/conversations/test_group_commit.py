"""The writer: one transaction for all waiting changes, and one bad change does not fail the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connections
from pytest_django import Settings

from chatsite.database.threads import run_in
from chatsite.errors import DomainError
from chatsite.realtime import broadcast as broadcast_module
from chatsite.realtime.runtime import ProcessRuntime
from conversations.models import ChatMessage, Conversation, Membership
from conversations.writing import group_commit as writer_module
from conversations.writing import message_sql, write_batch
from conversations.writing.group_commit import Writer
from conversations.writing.requests import Receipt, Receipted, Send, Sent
from tests.conversations.people import business, conversation, person

pytestmark = pytest.mark.django_db(transaction=True)

Batches = list[int]


@pytest.fixture
def talk() -> Conversation:
    return conversation(business(person()))


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> Batches:
    """Record how many changes each transaction had."""
    sizes: Batches = []

    def counted(changes: Any) -> Any:
        sizes.append(len(changes))
        return write_batch.write(changes)

    monkeypatch.setattr(writer_module, "write", counted)
    return sizes


def run(use: Callable[[Writer], Awaitable[Any]]) -> Any:
    """Run a writer in a new event loop, and close its thread's connection."""

    async def main() -> Any:
        runtime = ProcessRuntime()
        writer = Writer(runtime)
        try:
            return await use(writer)
        finally:
            for thread in writer.threads:
                await run_in(thread, connections.close_all)
            await runtime.stop()

    return asyncio.run(asyncio.wait_for(main(), 60))


def submit(writer: Writer, *sends: Send) -> list[asyncio.Future[Any]]:
    return [writer.submit(send, lambda sent: sent.message) for send in sends]


def good(talk: Conversation, content: str = "hello") -> Send:
    return Send(talk.pk, talk.customer_id, content, client_id=str(uuid4()))


def outcomes(talk: Conversation, *sends: Send) -> list[Any]:
    async def use(writer: Writer) -> list[Any]:
        return await asyncio.gather(*submit(writer, *sends), return_exceptions=True)

    found: list[Any] = run(use)
    return found


def test_waiting_changes_are_committed_together_and_in_order(talk: Conversation, batches: Batches) -> None:
    messages = outcomes(talk, *(good(talk, f"m{n}") for n in range(50)))
    assert [message.seq for message in messages] == list(range(1, 51))
    assert [message.content for message in messages] == [f"m{n}" for n in range(50)]
    assert batches == [50]
    assert ChatMessage.objects.count() == 50


def test_a_batch_has_a_size(talk: Conversation, batches: Batches, settings: Settings) -> None:
    settings.CHAT = replace(settings.CHAT, batch_changes=20)
    messages = outcomes(talk, *(good(talk, f"m{n}") for n in range(50)))
    assert [message.seq for message in messages] == list(range(1, 51))
    assert batches == [20, 20, 10]


def test_a_refused_change_does_not_touch_the_others(talk: Conversation, batches: Batches) -> None:
    stranger = Send(talk.pk, person().pk, "let me in")
    nowhere = Send(uuid4(), talk.customer_id, "hello?")
    first, refused, missing, second = outcomes(talk, good(talk), stranger, nowhere, good(talk))
    assert (first.seq, second.seq) == (1, 2)
    assert [error.code for error in (refused, missing)] == ["not_found", "not_found"]
    assert batches == [4]


def test_a_change_that_the_database_refuses_does_not_fail_the_others(
    talk: Conversation, batches: Batches
) -> None:
    impossible = replace(good(talk), message_type="telepathy")
    first, refused, second = outcomes(talk, good(talk), impossible, good(talk))
    assert isinstance(refused, DomainError)
    assert refused.code == "internal"
    assert (first.seq, second.seq) == (1, 2)
    assert batches == [3, 1, 1, 1]
    head = Conversation.objects.get()
    assert (head.last_seq, head.rev, head.business_unread) == (2, 2, 2)


def test_without_a_database_everybody_is_told_to_retry(
    talk: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(changes: Any) -> Any:
        raise OperationalError("gone")

    async def use(writer: Writer) -> tuple[list[Any], list[Any]]:
        with monkeypatch.context() as patch:
            patch.setattr(writer_module, "write", fail)
            first = await asyncio.gather(*submit(writer, good(talk), good(talk)), return_exceptions=True)
        return first, await asyncio.gather(*submit(writer, good(talk)), return_exceptions=True)

    first, second = run(use)
    assert [error.code for error in first] == ["unavailable", "unavailable"]
    assert second[0].seq == 1


def test_a_bug_does_not_stop_the_writer(talk: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(changes: Any) -> Any:
        raise RuntimeError("a bug")

    async def use(writer: Writer) -> list[Any]:
        with monkeypatch.context() as patch:
            patch.setattr(writer_module, "write", fail)
            first = await asyncio.gather(*submit(writer, good(talk)), return_exceptions=True)
        return [*first, *await asyncio.gather(*submit(writer, good(talk)))]

    first, second = run(use)
    assert first.code == "internal"
    assert second.seq == 1


def test_past_the_bound_it_answers_at_once(talk: Conversation, settings: Settings) -> None:
    settings.CHAT = replace(settings.CHAT, waiting_changes=3)
    answers = outcomes(talk, *(good(talk) for _ in range(5)))
    assert [getattr(answer, "code", "stored") for answer in answers] == ["stored"] * 3 + ["unavailable"] * 2
    assert answers[-1].details == {"retryAfter": 1}


def test_a_client_that_went_away_changes_nothing(talk: Conversation) -> None:
    async def use(writer: Writer) -> Any:
        gone, stays = submit(writer, good(talk), good(talk))
        gone.cancel()
        return await stays

    assert run(use).seq == 2
    assert ChatMessage.objects.count() == 2


def test_draining_waits_for_all(talk: Conversation) -> None:
    async def use(writer: Writer) -> bool:
        futures = submit(writer, *(good(talk) for _ in range(30)))
        await writer.drain()  # at once, before the writer has had a turn
        return all(future.done() for future in futures)

    assert run(use) is True


def test_the_same_client_id_in_one_batch_is_one_message(talk: Conversation, batches: Batches) -> None:
    send = good(talk)
    messages = outcomes(talk, send, send, good(talk), send)
    assert [message.seq for message in messages] == [1, 1, 2, 1]
    assert ChatMessage.objects.count() == 2
    assert batches == [4]  # known without the constraint, which would fail the batch


def test_a_failed_commit_acks_and_announces_nothing(
    talk: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Foreign keys are checked at the COMMIT, so nothing fails before it."""
    told: list[Any] = []
    monkeypatch.setattr(broadcast_module, "broadcast", told.extend)
    monkeypatch.setattr(message_sql, "ask_places", lambda ids: lambda: {(talk.pk, key) for key in ids})
    dangling = replace(good(talk), reply_to=uuid4())
    (refused,) = outcomes(talk, dangling)
    assert isinstance(refused, DomainError)
    assert not ChatMessage.objects.exists()
    assert told == []
    (stored,) = outcomes(talk, replace(dangling, reply_to=None))
    assert stored.seq == 1
    assert "new_message" in {event.name for _, event in told}


def test_a_batch_keeps_the_order_of_sends_and_receipts(talk: Conversation) -> None:
    member = Membership.objects.get(business=talk.business).user
    [first] = outcomes(talk, good(talk))
    read = Receipt(talk.pk, member.pk, "read", [first.id])
    receipted, sent = write_batch.write([read, Send(talk.pk, member.pk, "answer")])
    assert isinstance(receipted, Receipted)
    assert isinstance(sent, Sent)
    assert [stamp.rev for stamp in receipted.stamps] == [first.rev + 1]
    assert sent.message.rev == first.rev + 2
