"""Answers equal questions to the database in batches, each with one call on one thread.

After a restart, a crowd of clients reconnects and asks the same things: who are you, and what do you belong to? Asked
one by one, each question costs a thread hop and a statement, which is most of the cost of connecting. So questions
queue while a call is under way, and the next call answers all of them.

Every question is answered by a call that began after it was asked. The answer therefore includes everything that was
revoked before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context
from typing import Any, Final, Generic, TypeVar

from chatsite.database.threads import in_database_thread
from chatsite.errors import DomainError, is_database_unavailable

QuestionT = TypeVar("QuestionT")
AnswerT = TypeVar("AnswerT")

MOST: Final = 500  # questions in one call


class DataLoader(Generic[QuestionT, AnswerT]):
    """`answer` takes questions and returns an answer or a refusal for each of them, in the same order."""

    def __init__(self, answer: Callable[[list[QuestionT]], Sequence[AnswerT | DomainError]]) -> None:
        self._answer = answer
        self._queue: list[tuple[QuestionT, asyncio.Future[AnswerT]]] = []
        self._task: asyncio.Task[None] | None = None

    async def ask(self, question: QuestionT) -> AnswerT:
        """Return the answer. Raise its refusal, or the error of the call."""
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[AnswerT] = loop.create_future()
        self._queue.append((question, answered))
        if self._task is None:
            # Without a context: the log lines of a call do not belong to the request that asked first.
            self._task = loop.create_task(self._ask_all(), context=Context())
        return await answered

    async def _ask_all(self) -> None:
        try:
            while self._queue:
                batch, self._queue = self._queue[:MOST], self._queue[MOST:]
                pending = [pair for pair in batch if not pair[1].done()]
                if pending:
                    await self._ask_batch(pending)
        finally:
            self._task = None

    async def _ask_batch(self, pairs: list[tuple[QuestionT, asyncio.Future[Any]]]) -> None:
        answers: Sequence[Any]
        try:
            answers = await in_database_thread(self._answer, [question for question, _ in pairs])
            if len(answers) != len(pairs):
                raise RuntimeError(f"{len(answers)} answers to {len(pairs)} questions")
        except asyncio.CancelledError:
            for _, answered in pairs + self._queue:
                answered.cancel()
            raise
        except Exception as error:  # noqa: BLE001  each caller gets it
            if len(pairs) > 1 and not is_database_unavailable(error):
                for pair in pairs:  # one bad question must not fail the others
                    await self._ask_batch([pair])
                return
            answers = [error] * len(pairs)
        for (_, answered), answer in zip(pairs, answers, strict=True):
            if answered.done():
                continue  # the caller has gone
            if isinstance(answer, Exception):
                answered.set_exception(answer)
            else:
                answered.set_result(answer)
