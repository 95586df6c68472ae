"""Answer questions to the database in batches, each batch with one call on one thread.

After a restart many clients reconnect at once, and the server reads the same data for each: the user and the
memberships. One by one, each question needs a thread hop and a statement, which is most of the cost of connecting. So
questions queue while a call is in progress, and the next call answers all of them.

The call that answers a question begins after the question was asked. So the answer respects every revocation before
that time.
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
    """`answer` takes questions and returns an answer or an error for each of them, in the same order."""

    def __init__(self, answer: Callable[[list[QuestionT]], Sequence[AnswerT | DomainError]]) -> None:
        self._answer = answer
        self._queue: list[tuple[QuestionT, asyncio.Future[AnswerT]]] = []
        self._task: asyncio.Task[None] | None = None

    async def ask(self, question: QuestionT) -> AnswerT:
        """Return the answer. Raise the error of the question or of the call."""
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[AnswerT] = loop.create_future()
        self._queue.append((question, answered))
        if self._task is None:
            # In an empty context, because the log lines of the call do not belong to the request that asked first.
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
        except Exception as error:  # noqa: BLE001  passed on to each caller
            if len(pairs) > 1 and not is_database_unavailable(error):
                for pair in pairs:  # one bad question must not fail the others
                    await self._ask_batch([pair])
                return
            answers = [error] * len(pairs)
        for (_, answered), answer in zip(pairs, answers, strict=True):
            if answered.done():
                continue  # the caller was cancelled
            if isinstance(answer, Exception):
                answered.set_exception(answer)
            else:
                answered.set_result(answer)
