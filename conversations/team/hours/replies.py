"""How long customers waited for people, from the messages of a conversation.

A wait begins with a customer's message that follows an answer, and ends with the next message of a person of the
business. Bots and automatic answers neither end a wait nor begin one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from conversations.models import SenderKind, Side


class Line(NamedTuple):
    """What matters of a message. `COLUMNS` has the columns."""

    seq: int
    side: str
    kind: str
    sender_id: Any
    at: datetime


COLUMNS = ("seq", "sender_side", "sender_kind", "sender_id", "created_at")


@dataclass(frozen=True, slots=True)
class Wait:
    asked_seq: int
    asked_at: datetime
    answered_at: datetime
    agent_id: Any


def is_answer(line: Line) -> bool:
    """Return whether a person of the business wrote it."""
    return line.side == Side.BUSINESS and line.kind == SenderKind.PERSON


def waits(lines: Iterable[Line]) -> Iterator[Wait]:
    """Yield the waits that have ended, in order."""
    asked: Line | None = None
    for line in lines:
        if line.side == Side.CUSTOMER:
            asked = asked or line
        elif asked is not None and is_answer(line):
            yield Wait(asked.seq, asked.at, line.at, line.sender_id)
            asked = None
