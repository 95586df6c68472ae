"""Changes that wait for their transaction, sorted by conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from conversations.writing.requests import Request

Answer: TypeAlias = Callable[[Any], Any]


@dataclass(slots=True)
class Waiting:
    change: Request
    answer: Answer  # what the future gets of the outcome
    future: asyncio.Future[Any]
    since: float  # by `time.perf_counter`


Changes: TypeAlias = dict[UUID, list[Waiting]]  # by conversation


class Queue:
    """A conversation is in one transaction at a time, and its changes keep their order.

    So transactions of one process never wait for each other's locks: what is submitted about a conversation that is
    being written is held until that is done.

    The conversations are divided into as many parts as there may be transactions. A few changes are taken out of all
    parts together; many are taken out of one, so that each transaction has a conversation's changes all at once.
    """

    def __init__(self, parts: int, many: int) -> None:
        self._many = many
        self._parts: list[Changes] = [{} for _ in range(parts)]
        self._counts = [0] * parts
        self._held: Changes = {}

    def put(self, waiting: Waiting) -> None:
        key = waiting.change.conversation_id
        held = self._held.get(key)
        if held is not None:
            held.append(waiting)
        else:
            self._add(key, [waiting])

    def _add(self, key: UUID, changes: list[Waiting]) -> None:
        number = key.int % len(self._parts)
        part = self._parts[number]
        if key in part:
            part[key] += changes
        else:
            part[key] = changes
        self._counts[number] += len(changes)

    @property
    def has_some(self) -> bool:
        """Whether anything may be taken."""
        return any(self._counts)

    @property
    def has_many(self) -> bool:
        """Whether a part of its own is worth a transaction."""
        return max(self._counts) >= self._many

    def take(self, most: int) -> list[Waiting]:
        """Up to `most` changes for one transaction, of the conversations that have waited for longest."""
        taken: list[Waiting] = []
        fullest = self._counts.index(max(self._counts))
        for number in [fullest] if self.has_many else range(len(self._parts)):
            part = self._parts[number]
            while part and len(taken) < most:
                key = next(iter(part))
                changes = part.pop(key)
                room = most - len(taken)
                taken += changes[:room]
                self._held[key] = changes[room:]
                self._counts[number] -= len(changes)
        return taken

    def give_back(self, taken: list[Waiting]) -> None:
        """Their transaction has ended: what was held about their conversations may be taken."""
        for key in {waiting.change.conversation_id for waiting in taken}:
            held = self._held.pop(key)
            if held:
                self._add(key, held)
