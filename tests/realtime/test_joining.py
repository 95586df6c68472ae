"""A join misses nothing: changes while it reads the conversation arrive as events."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from chatsite.realtime import groups
from chatsite.realtime.events import Event
from chatsite.realtime.runtime import ProcessRuntime
from conversations import access, commands, queries
from conversations.models import Conversation, Side
from conversations.requests import ConversationCommand
from tests.realtime.seats import seat

pytestmark = pytest.mark.standalone


async def test_an_event_while_the_conversation_is_read_arrives(
    runtime: ProcessRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = Conversation(pk=uuid4())
    session, wire = await seat(runtime, "room")

    def latest_revisions(ids: Sequence[UUID]) -> dict[UUID, queries.Revisions]:
        """Return the head as it was just before somebody sent a message."""
        event = Event("new_message", b"{}", rev=8)
        runtime.hub.publish_threadsafe([(groups.conversation(conversation.pk), event)])
        return {conversation.pk: queries.Revisions(last_seq=7, rev=7)}

    monkeypatch.setattr(access, "sides_in", lambda asked: [(conversation, Side.CUSTOMER)])
    monkeypatch.setattr(queries, "latest_revisions", latest_revisions)
    answer = await commands.join_conversation(
        session, ConversationCommand(conversation_id=str(conversation.pk))
    )
    assert answer.rev == 7
    await session._outbox.drain()
    assert b'{"event":"new_message","data":{}}' in wire.written


async def test_a_socket_that_joins_twice_gets_events_once_and_leaves_at_once(runtime: ProcessRuntime) -> None:
    session, wire = await seat(runtime, "room")
    await session.subscribe("room")
    runtime.hub.deliver_here("room", Event("new_message", b"{}"))
    await session._outbox.drain()
    assert len(wire.written) == 1
    session.unsubscribe("room")
    session.unsubscribe("room")
    assert (session.groups, runtime.hub.groups) == ([], {})
