"""Questions to the database that many ask at the same moment, answered by one call on one thread.

A crowd that comes back after a restart asks the same of everybody: who are you, and what do you belong to? Asked one by
one, each costs a thread hop and a statement that Django builds anew, most of what it takes to connect. So a question
waits while another call is out, and those that have come together by then go as one.

A question is always answered by a call that began after it was asked: what was revoked before, the answer knows.
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

MOST: Final = 500  # questions of one call


class Together(Generic[QuestionT, AnswerT]):
    """`answer` gets questions and gives an answer or a refusal for each of them, in their order."""

    def __init__(self, answer: Callable[[list[QuestionT]], Sequence[AnswerT | DomainError]]) -> None:
        self._answer = answer
        self._asked: list[tuple[QuestionT, asyncio.Future[AnswerT]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def ask(self, question: QuestionT) -> AnswerT:
        """The answer; its refusal, and whatever a call fails with, is raised."""
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[AnswerT] = loop.create_future()
        self._asked.append((question, answered))
        if self._asking is None:
            # In no context: what a call logs is not about whoever happened to ask first.
            self._asking = loop.create_task(self._ask_all(), context=Context())
        return await answered

    async def _ask_all(self) -> None:
        try:
            while self._asked:
                together, self._asked = self._asked[:MOST], self._asked[MOST:]
                waiting = [pair for pair in together if not pair[1].done()]
                if waiting:
                    await self._ask_together(waiting)
        finally:
            self._asking = None

    async def _ask_together(self, pairs: list[tuple[QuestionT, asyncio.Future[Any]]]) -> None:
        answers: Sequence[Any]
        try:
            answers = await in_database_thread(self._answer, [question for question, _ in pairs])
            if len(answers) != len(pairs):
                raise RuntimeError(f"{len(answers)} answers to {len(pairs)} questions")
        except asyncio.CancelledError:
            for _, answered in pairs + self._asked:
                answered.cancel()
            raise
        except Exception as error:  # noqa: BLE001  who asked is told
            if len(pairs) > 1 and not is_database_unavailable(error):
                for pair in pairs:  # nobody's question may spoil the answers of all others
                    await self._ask_together([pair])
                return
            answers = [error] * len(pairs)
        for (_, answered), answer in zip(pairs, answers, strict=True):
            if answered.done():
                continue  # who asked has gone
            if isinstance(answer, Exception):
                answered.set_exception(answer)
            else:
                answered.set_result(answer)
