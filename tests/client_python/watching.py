"""Collect the events of a conversation, and compare the client's state with a fresh fetch."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator

import msgspec

from business_chat_client import Conversation, EventStream, Message, MessageArrived
from business_chat_client.events import ConversationEvent
from tests.harness.mirror import Mirror
from tests.harness.patience import patience
from tests.harness.rest import Json, RestClient


class Watch:
    """Collects the events of a conversation from now on."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.events: list[ConversationEvent] = []
        self._task = asyncio.create_task(self._collect(conversation.events()))

    async def _collect(self, stream: EventStream[ConversationEvent]) -> None:
        async for event in stream:
            self.events.append(event)

    @property
    def arrived(self) -> list[Message]:
        return [event.message for event in self.events if isinstance(event, MessageArrived)]

    async def until(self, kind: type, within: float = 5) -> ConversationEvent:
        """Return the first event of this kind. Wait if it has not arrived yet."""
        async with asyncio.timeout(patience(within)):
            while True:
                for event in self.events:
                    if isinstance(event, kind):
                        return event
                await asyncio.sleep(0.01)

    def stop(self) -> None:
        self._task.cancel()


@contextlib.contextmanager
def watching(*conversations: Conversation) -> Iterator[list[Watch]]:
    watches = [Watch(conversation) for conversation in conversations]
    try:
        yield watches
    finally:
        for watch in watches:
            watch.stop()


def differences(conversation: Conversation, fresh: Mirror) -> list[str]:
    """Return one line for each field that differs from a fresh fetch by another client."""
    rows: list[Json] = msgspec.json.decode(msgspec.json.encode(conversation.messages))
    head: Json = msgspec.json.decode(msgspec.json.encode(conversation.details))
    head["business"].pop("role", None)
    for row in (head, *rows):
        row.update(row.pop("extra"))
    return Mirror(head, {row["id"]: row for row in rows}).diff(fresh)


async def agrees(conversation: Conversation, rest: RestClient, within: float = 10) -> Mirror:
    """Wait until the client's state equals a fresh fetch in every field, and return the fetch."""
    deadline = time.monotonic() + patience(within)
    while True:
        fresh = await Mirror.fetch(rest, conversation.id)
        wrong = differences(conversation, fresh)
        if not wrong:
            return fresh
        assert time.monotonic() < deadline, "\n".join(wrong[:20])
        await asyncio.sleep(0.05)
