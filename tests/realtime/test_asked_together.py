"""Concurrent lookups become one call, and a failing lookup does not fail the others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest
from django.db import OperationalError

from chatsite.database import batch_loader
from chatsite.errors import DomainError
from chatsite.observability import logs
from chatsite.realtime.runtime import ProcessRuntime
from tests.harness.patience import patience

pytestmark = pytest.mark.standalone


class Answers:
    """Doubles numbers, and records which ones came together. Each call waits for `go`."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.begun, self.go = threading.Event(), threading.Event()
        self.fails_at: Callable[[list[int]], Exception | None] = lambda numbers: None

    def __call__(self, numbers: list[int]) -> list[int | DomainError]:
        self.calls.append(numbers)
        self.begun.set()
        assert self.go.wait(patience(10))
        failure = self.fails_at(numbers)
        if failure is not None:
            raise failure
        return [2 * number if number >= 0 else DomainError("invalid", "negative") for number in numbers]


@pytest.fixture
def answers() -> Answers:
    return Answers()


async def begun(answers: Answers) -> None:
    assert await asyncio.to_thread(answers.begun.wait, patience(10))


async def test_a_crowd_is_one_call(runtime: ProcessRuntime, answers: Answers) -> None:
    answers.go.set()
    assert await asyncio.gather(*(runtime.ask(answers, number) for number in range(40))) == list(
        range(0, 80, 2)
    )
    assert answers.calls == [list(range(40))]


async def test_a_lookup_waits_only_for_the_next_call(runtime: ProcessRuntime, answers: Answers) -> None:
    """The call in progress began earlier, and may have missed a later change."""
    first = asyncio.ensure_future(runtime.ask(answers, 1))
    await begun(answers)
    late = [asyncio.ensure_future(runtime.ask(answers, number)) for number in (2, 3)]
    await asyncio.sleep(0)
    answers.go.set()
    assert await asyncio.gather(first, *late) == [2, 4, 6]
    assert answers.calls == [[1], [2, 3]]
    assert await runtime.ask(answers, 4) == 8  # also after a pause


async def test_a_refusal_is_for_its_own_question(runtime: ProcessRuntime, answers: Answers) -> None:
    answers.go.set()
    good, bad = await asyncio.gather(
        runtime.ask(answers, 1), runtime.ask(answers, -1), return_exceptions=True
    )
    assert good == 2
    assert isinstance(bad, DomainError)


async def test_a_failing_lookup_fails_only_itself(runtime: ProcessRuntime, answers: Answers) -> None:
    answers.go.set()
    answers.fails_at = lambda numbers: ValueError("13") if 13 in numbers else None
    asked = (runtime.ask(answers, number) for number in (12, 13, 14))
    before, broken, after = await asyncio.gather(*asked, return_exceptions=True)
    assert (before, after) == (24, 28)
    assert isinstance(broken, ValueError)


async def test_without_a_database_all_get_the_error_and_it_is_asked_once(
    runtime: ProcessRuntime, answers: Answers
) -> None:
    answers.go.set()
    answers.fails_at = lambda numbers: OperationalError("gone")
    told = await asyncio.gather(
        *(runtime.ask(answers, number) for number in range(9)), return_exceptions=True
    )
    assert [type(one) for one in told] == [OperationalError] * 9
    assert len(answers.calls) == 1
    answers.fails_at = lambda numbers: None
    assert await runtime.ask(answers, 5) == 10


async def test_a_cancelled_caller_does_not_cancel_the_others(
    runtime: ProcessRuntime, answers: Answers
) -> None:
    leaving, staying = (asyncio.ensure_future(runtime.ask(answers, number)) for number in (1, 2))
    await begun(answers)
    leaving.cancel()
    too_late = asyncio.ensure_future(runtime.ask(answers, 3))
    await asyncio.sleep(0)
    too_late.cancel()
    answers.go.set()
    assert await staying == 4
    assert await runtime.ask(answers, 4) == 8
    assert answers.calls == [[1, 2], [4]]  # nobody waits for 3


async def test_a_call_has_a_bound(
    runtime: ProcessRuntime, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_loader, "MOST", 4)
    answers.go.set()
    await asyncio.gather(*(runtime.ask(answers, number) for number in range(10)))
    assert answers.calls == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


async def test_a_call_is_about_nobody(runtime: ProcessRuntime) -> None:
    """The logs of a shared call must not name whoever asked first."""
    logs.begin("of-the-first-one")

    def context_of_call(numbers: list[int]) -> list[logs.LogContext | None]:
        return [logs.current() for _ in numbers]

    assert await runtime.ask(context_of_call, 1) is None


async def test_views_that_differ_have_different_operations(runtime: ProcessRuntime, answers: Answers) -> None:
    other = Answers()
    answers.go.set()
    other.go.set()
    await asyncio.gather(runtime.ask(answers, 1), runtime.ask(other, 2))
    assert (answers.calls, other.calls) == ([[1]], [[2]])


async def test_a_person_without_an_answer_is_told(runtime: ProcessRuntime) -> None:
    """This would be a mistake in the answering function."""

    def forgets_odd_ones(numbers: list[int]) -> list[int | DomainError]:
        return [number for number in numbers if number % 2 == 0]

    questions = [runtime.ask(forgets_odd_ones, number) for number in range(4)]
    async with asyncio.timeout(patience(10)):
        zero, one, two, three = await asyncio.gather(*questions, return_exceptions=True)
    assert (zero, two) == (0, 2)
    assert isinstance(one, RuntimeError)
    assert isinstance(three, RuntimeError)
