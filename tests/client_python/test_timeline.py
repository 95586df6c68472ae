"""After lost, repeated, late and early events, a client has the server's state, and reports each message once."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from business_chat_client.events import ConversationEvent, MessageArrived
from business_chat_client.objects import ConversationDetails, Message
from business_chat_client.pushes import MessagePush, ReceiptPush, SyncedConversation
from business_chat_client.timeline import Push, Timeline
from tests.client_python.server import ROOM, ScriptedServer
from tests.harness.rest import Json

pytestmark = pytest.mark.standalone

# What happens in the conversation, one after the other: a new message, an edit of the nth, a read of the nth.
STORIES = st.lists(
    st.tuples(st.sampled_from(["add", "edit", "read"]), st.integers(0, 30)), min_size=1, max_size=40
)


class History:
    """A conversation on the server, its events, and its answers to `sync` at any moment of its past."""

    def __init__(self, story: list[tuple[str, int]]) -> None:
        server = ScriptedServer()
        self._moments: list[Json] = [self._now(server)]
        for kind, number in story:
            unread = [m["seq"] for m in server.messages if m["status"] != "read"]
            if kind == "add" or not server.messages or (kind == "read" and not unread):
                server.add(f"at {server.rev + 1}")
            elif kind == "edit":
                server.edit(number % len(server.messages) + 1, f"edited at {server.rev + 1}")
            else:
                server.read(unread[number % len(unread)])
            self._moments.append(self._now(server))
        self.rev = server.rev
        self.pushes = {
            rev: as_push(change["event"], change["data"]) for rev, change in server.changes.items()
        }

    def _now(self, server: ScriptedServer) -> Json:
        now: Json = msgspec.json.decode(
            msgspec.json.encode({"conversation": server.conversation(), "messages": server.messages})
        )
        return now

    def at(self, rev: int, since: int = 0) -> SyncedConversation:
        moment = self._moments[rev]
        rows = [row for row in moment["messages"] if row["rev"] > since]
        return msgspec.convert({**moment, "messages": rows}, SyncedConversation, strict=False)


def as_push(event: str, data: Json) -> Push:
    kind: type[Push] = MessagePush if "message" in data else ReceiptPush
    return msgspec.json.decode(msgspec.json.encode(data), type=kind)


def arrived(events: list[ConversationEvent]) -> list[int]:
    return [event.message.seq for event in events if isinstance(event, MessageArrived)]


def begun(messages: list[Message], details: ConversationDetails) -> Timeline:
    timeline = Timeline()
    timeline.begin(details, messages)
    return timeline


@given(STORIES, st.data())
def test_it_converges(story: list[tuple[str, int]], data: st.DataObject) -> None:
    history = History(story)
    start = data.draw(st.integers(0, history.rev), label="joined at")
    first = history.at(start)
    timeline = begun(sorted(first.messages, key=lambda message: message.seq), first.conversation)
    held_before = len(timeline.messages)

    # Pushes of any rev, in any order, any number of times, and syncs in between that show any moment of the past.
    steps = st.one_of(
        st.tuples(st.just("push"), st.integers(1, history.rev)),
        st.tuples(st.just("sync"), st.integers(0, history.rev)),
    )
    told: list[int] = []
    for kind, rev in data.draw(st.lists(steps, max_size=60), label="steps"):
        if kind == "push":
            told += arrived(timeline.take(history.pushes[rev]))
        elif rev >= timeline.rev:
            synced = history.at(rev, since=timeline.rev)
            told += arrived(timeline.merge(synced.conversation, synced.messages))
        seqs = [message.seq for message in timeline.messages]
        assert seqs == list(range(timeline.first_seq, timeline.first_seq + len(seqs)))

    timeline.note_rev(history.rev)
    if timeline.is_behind:
        last = history.at(history.rev, since=timeline.rev)
        told += arrived(timeline.merge(last.conversation, last.messages))
    assert not timeline.is_behind
    now = history.at(history.rev)
    assert timeline.details == now.conversation
    assert timeline.messages == [message for message in now.messages if message.seq >= timeline.first_seq]
    assert told == list(range(timeline.first_seq + held_before, timeline.first_seq + len(timeline.messages)))


@given(STORIES, st.randoms(use_true_random=False))
def test_all_pushes_in_any_order_are_as_good_as_a_sync(story: list[tuple[str, int]], random: object) -> None:
    history = History(story)
    timeline = begun([], history.at(0).conversation)
    pushes = list(history.pushes.values())
    random.shuffle(pushes)  # type: ignore[attr-defined]
    told = [seq for push in pushes for seq in arrived(timeline.take(push))]
    assert timeline.rev == history.rev
    assert timeline.messages == history.at(history.rev).messages
    assert told == [message.seq for message in timeline.messages]
    assert all(message.conversation_id == ROOM for message in timeline.messages)
