"""A model that decides for everybody at every moment who is notified of what. It has no rows, jobs or due times."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

PUSH_AFTER, MAIL_AFTER = 10, 600
MEMBERS = ("olivia", "amir")

Sent = tuple[
    str, str, tuple[tuple[str, int], ...]
]  # channel, person, and the last `seq` of each conversation


@dataclass
class Message:
    seq: int
    id: str
    sender: str
    at: datetime
    is_read: bool = False
    is_gone: bool = False


@dataclass
class Talk:
    """A conversation in the model. The customer's name is its name."""

    customer: str
    row: Any
    messages: list[Message] = field(default_factory=list)
    assignee: str | None = None

    def side_of(self, name: str) -> str:
        return "customer" if name == self.customer else "business"

    def readers(self) -> list[str]:
        return [self.customer, *(MEMBERS if self.assignee is None else [self.assignee])]

    def unread(self, reader: str) -> list[Message]:
        side = self.side_of(reader)
        return [
            one
            for one in self.messages
            if not (one.is_read or one.is_gone) and self.side_of(one.sender) != side
        ]


@dataclass
class Model:
    """One business, its people, and their notices so far."""

    talks: list[Talk]
    looking: set[str] = field(default_factory=set)
    muted: set[tuple[str, str]] = field(default_factory=set)  # person, the conversation's customer
    blocked: set[tuple[str, str]] = field(default_factory=set)  # who blocks, whom; "shop" for the business
    told: dict[tuple[str, str, str], int] = field(default_factory=dict)  # channel, person, customer: seq
    pending: set[tuple[str, str]] = field(default_factory=set)  # pushes that are being sent: person, customer
    held: set[str] = field(default_factory=set)  # people whose mail was being sent when its worker died
    sent: list[Sent] = field(default_factory=list)

    def is_blocked(self, reader: str, sender: str) -> bool:
        if reader in {talk.customer for talk in self.talks}:
            return (reader, sender) in self.blocked or (reader, "shop") in self.blocked
        return ("shop", sender) in self.blocked

    def wanted(self, reader: str, messages: list[Message]) -> list[Message]:
        return [one for one in messages if not self.is_blocked(reader, one.sender)]

    def fresh(self, channel: str, reader: str, talk: Talk) -> list[Message]:
        told = self.told.get((channel, reader, talk.customer), 0)
        return [one for one in talk.unread(reader) if one.seq > told]

    def is_due(self, channel: str, reader: str, talk: Talk, now: datetime) -> bool:
        fresh = self.fresh(channel, reader, talk)
        wait = timedelta(seconds=PUSH_AFTER if channel == "push" else MAIL_AFTER)
        return bool(fresh) and (self.wanted(reader, fresh) or fresh)[0].at + wait <= now

    def is_wanted(self, channel: str, reader: str, talk: Talk) -> bool:
        wanted = self.wanted(reader, self.fresh(channel, reader, talk))
        return bool(wanted) and (reader, talk.customer) not in self.muted

    def note(self, channel: str, reader: str, talk: Talk) -> None:
        self.told[channel, reader, talk.customer] = self.fresh(channel, reader, talk)[-1].seq

    def tick(self, now: datetime, *, push_up: bool, mail_up: bool, kill: str) -> None:
        """Do what the worker does at this moment. The worker dies at the point that `kill` names."""
        if kill == "look":
            return
        for talk in self.talks:
            for reader in talk.readers():
                self._push_step(reader, talk, now)
                if self.is_due("email", reader, talk, now) and not self.is_wanted("email", reader, talk):
                    self.note("email", reader, talk)
        for reader, customer in sorted(self.pending):
            self._push(reader, customer, now, push_up, kill)
        for reader in (*MEMBERS, *(talk.customer for talk in self.talks)):
            self._mail(reader, now, mail_up, kill)

    def _push_step(self, reader: str, talk: Talk, now: datetime) -> None:
        if not self.is_due("push", reader, talk, now):
            return
        if not self.is_wanted("push", reader, talk):
            self.note("push", reader, talk)
        elif reader not in self.looking:
            self.note("push", reader, talk)
            self.pending.add((reader, talk.customer))

    def _push(self, reader: str, customer: str, now: datetime, is_up: bool, kill: str) -> None:
        [talk] = [talk for talk in self.talks if talk.customer == customer]
        unread = talk.unread(reader)
        wanted = self.wanted(reader, unread)
        if reader not in talk.readers():
            self.pending.discard((reader, customer))
            return
        if unread and (wanted or unread)[0].at + timedelta(seconds=PUSH_AFTER) > now:
            return
        if not wanted or (reader, customer) in self.muted:
            self.pending.discard((reader, customer))
        elif reader not in self.looking:
            told = self.told.get(("push", reader, customer), 0)
            self.told["push", reader, customer] = max(told, unread[-1].seq)
            if kill == "claimed" or is_up:
                self.pending.discard((reader, customer))
            if kill != "claimed" and is_up:
                self.sent.append(("push", reader, ((customer, 0),)))

    def _mail(self, reader: str, now: datetime, is_up: bool, kill: str) -> None:
        if reader in self.held:
            self.held.discard(reader)  # its job runs again, and ends it
            return
        mine = [talk for talk in self.talks if reader in talk.readers()]
        due = [talk for talk in mine if self.is_due("email", reader, talk, now)]
        if not [talk for talk in due if self.is_wanted("email", reader, talk)]:
            return
        if reader in self.looking or not is_up:
            return
        covers = []
        for talk in mine:
            if self.is_wanted("email", reader, talk):
                last = self.wanted(reader, self.fresh("email", reader, talk))[-1].seq
                self.told["email", reader, talk.customer] = last
                covers.append((talk.customer, last))
        if kill:
            self.held.add(reader)
        if kill != "claimed":
            self.sent.append(("email", reader, tuple(sorted(covers))))
