"""A client's state of one conversation: a fresh fetch, updated by events.

The promise under test is *old state + events == fresh state*: fetch a mirror, apply what a live client received,
fetch another, and `diff` must be empty.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Final, Self

from tests.harness.client import Frame
from tests.harness.rest import Json, RestClient

STATUSES: Final = ("sent", "delivered", "read")


@dataclass
class Mirror:
    """Applying an event twice or late changes nothing.

    A receipt for an unknown message changes only `revs`, and `gaps` shows the missing event of that message.
    """

    conversation: Json
    messages: dict[str, Json] = field(default_factory=dict)
    revs: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.base: int = self.conversation["rev"]
        self.head: int = self.base

    @classmethod
    async def fetch(cls, rest: RestClient, conversation_id: str) -> Self:
        """Fetch the conversation and all its messages over REST, as one user sees them.

        The pages are read one after the other, so nothing may be written meanwhile.
        """
        conversation = await rest.get(f"/chat/conversations/{conversation_id}")
        rows = await rest.pages(f"/chat/conversations/{conversation_id}/messages", limit=200)
        return cls(conversation, {row["id"]: row for row in rows})

    def apply(self, frame: Frame) -> None:
        """Apply an event of this conversation. Ignore all others."""
        takers: dict[str, Callable[[Json], None]] = {
            "new_message": self._message_event,
            "message_edited": self._message_event,
            "message_deleted": self._message_event,
            "reactions_updated": self._reactions,
            "messages_delivered": lambda data: self._receipts(data, "delivered"),
            "messages_read": lambda data: self._receipts(data, "read"),
            "conversation_updated": lambda data: self.take_conversation(data["conversation"]),
        }
        taker = takers.get(frame.event)
        if taker is None or frame.data["conversationId"] != self.conversation["id"]:
            return
        # A preview shows the latest `rev`, but not the changes before it, so the gap remains.
        if frame.event != "conversation_updated":
            self.revs.add(frame.data["rev"])
        self.head = max(self.head, frame.data["rev"])
        taker(copy.deepcopy(frame.data))

    def apply_all(self, frames: Iterable[Frame]) -> Self:
        for frame in frames:
            self.apply(frame)
        return self

    def take_conversation(self, conversation: Json) -> None:
        """Take a conversation object, also from a `sync` answer."""
        if conversation["rev"] >= self.conversation["rev"]:
            self.conversation = {**conversation, **self._newer_own(conversation)}
            self.head = max(self.head, conversation["rev"])

    def _newer_own(self, conversation: Json) -> Json:
        """Return the newer one of the reader's own states.

        Only the reader's own events have it, and it has its own counter.
        """
        known = [one["own"] for one in (self.conversation, conversation) if "own" in one]
        return {"own": max(known, key=lambda own: own["stateRev"])} if known else {}

    def take_message(self, message: Json) -> None:
        """Take a message, also from a `sync` answer."""
        held = self.messages.get(message["id"])
        if held is None or message["rev"] > held["rev"]:
            self.messages[message["id"]] = message

    def conversation_now(self) -> Json:
        """Return the newest conversation object, with the numbers of later events."""
        seqs = [message["seq"] for message in self.messages.values()]
        return {
            **self.conversation,
            "rev": max(self.head, self.conversation["rev"]),
            "lastSeq": max([self.conversation["lastSeq"], *seqs]),
        }

    def gaps(self) -> list[int]:
        """Return the revs between the fetch and the newest event that are missing."""
        return [rev for rev in range(self.base + 1, self.head + 1) if rev not in self.revs]

    def known(self) -> int:
        """Return the rev up to which nothing is missing, where a `sync` continues."""
        return min(self.gaps(), default=self.head + 1) - 1

    def ordered(self) -> list[Json]:
        return sorted(self.messages.values(), key=lambda message: message["seq"])

    def diff(self, other: Mirror, *, ignoring: Collection[str] = ()) -> list[str]:
        """Return one line for each field that differs, own value first. It is empty if both are equal."""
        found = _differences("conversation", self.conversation_now(), other.conversation_now(), ignoring)
        for key in sorted(self.messages.keys() | other.messages.keys()):
            mine, theirs = self.messages.get(key), other.messages.get(key)
            if mine is None or theirs is None:
                seq = (mine or theirs or {}).get("seq")
                found.append(f"message {key} (seq {seq}): only in the {'other' if mine is None else 'first'}")
            else:
                found += _differences(f"message {key} (seq {mine['seq']})", mine, theirs, ignoring)
        return found

    def _message_event(self, data: Json) -> None:
        self.take_message(data["message"])

    def _reactions(self, data: Json) -> None:
        message = self.messages.get(data["messageId"])
        if message is not None and data["rev"] > message["rev"]:
            message["rev"] = data["rev"]
            message["reactions"] = data["reactions"]

    def _receipts(self, data: Json, status: str) -> None:
        for message_id in data["messageIds"]:
            message = self.messages.get(message_id)
            if message is None or message["rev"] >= data["rev"]:
                continue
            message["rev"] = data["rev"]
            given = {name: data[name] for name in ("deliveredAt", "readAt") if data.get(name)}
            if "readAt" in given:  # a read message has been delivered, at the latest at this moment
                given.setdefault("deliveredAt", given["readAt"])
            if STATUSES.index(status) > STATUSES.index(message["status"]):
                message["status"] = status
            for name, moment in given.items():
                message[name] = message[name] or moment


def _differences(what: str, mine: Json, theirs: Json, ignoring: Collection[str]) -> list[str]:
    return [
        f"{what}.{name}: {mine.get(name)!r} != {theirs.get(name)!r}"
        for name in sorted(mine.keys() | theirs.keys())
        if name not in ignoring and mine.get(name) != theirs.get(name)
    ]
