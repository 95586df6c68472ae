"""The queue of the group commit: changes by conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from conversations.writing.requests import Request

Answer: TypeAlias = Callable[[Any], Any]


@dataclass(slots=True)
class QueuedChange:
    change: Request
    answer: Answer  # turns the outcome into the result of the future
    future: asyncio.Future[Any]
    since: float  # by `time.perf_counter`


Changes: TypeAlias = dict[UUID, list[QueuedChange]]  # by conversation


class WriteQueue:
    """Keeps each conversation in one transaction at a time, and its changes in order.

    Transactions of one process therefore never wait for each other's locks. While a conversation is being written, the
    queue holds back its new changes.

    The queue divides the conversations into as many parts as there may be transactions. It takes a few changes from all
    parts, and many changes from one part. So one transaction gets all changes of a conversation.
    """

    def __init__(self, parts: int, many: int) -> None:
        self._many = many
        self._parts: list[Changes] = [{} for _ in range(parts)]
        self._counts = [0] * parts
        self._held: Changes = {}

    def put(self, queued: QueuedChange) -> None:
        key = queued.change.conversation_id
        held = self._held.get(key)
        if held is not None:
            held.append(queued)
        else:
            self._add(key, [queued])

    def _add(self, key: UUID, changes: list[QueuedChange]) -> None:
        number = key.int % len(self._parts)
        part = self._parts[number]
        if key in part:
            part[key] += changes
        else:
            part[key] = changes
        self._counts[number] += len(changes)

    @property
    def has_some(self) -> bool:
        """Whether there are changes to take."""
        return any(self._counts)

    @property
    def has_many(self) -> bool:
        """Whether one part has enough changes for a transaction of its own."""
        return max(self._counts) >= self._many

    def take(self, most: int) -> list[QueuedChange]:
        """Take up to `most` changes for one transaction, from the conversations that have waited longest."""
        taken: list[QueuedChange] = []
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

    def give_back(self, taken: list[QueuedChange]) -> None:
        """End the transaction of these changes: release the changes that their conversations have held back."""
        for key in {queued.change.conversation_id for queued in taken}:
            held = self._held.pop(key)
            if held:
                self._add(key, held)
