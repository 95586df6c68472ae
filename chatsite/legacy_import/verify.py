"""Compares the old table with what was imported: row by row in batches, so in bounded memory.

For each conversation there is a count and a checksum of either side. The checksum adds up a hash of every row (its
old id, sender, time and content), so it does not depend on the order. A batch adds the old rows and what they became
at once, and sums that have come out equal are dropped: what is kept grows with the differences, not with the table.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, F, Max, Q

from chatsite.legacy_import import values
from chatsite.legacy_import.choices import Choices
from chatsite.legacy_import.models import LegacyImport, LegacyRow
from chatsite.legacy_import.people import AMBIGUOUS, People
from chatsite.legacy_import.plan import Planner
from chatsite.legacy_import.progress import Progress
from chatsite.legacy_import.refusal import Refused
from chatsite.legacy_import.run import batches
from chatsite.legacy_import.source import Row, SourceTable
from conversations.models import ChatMessage, Conversation, MessageEdit, Side
from conversations.operations import storable
from notifications.models import Notification

NOTIFICATIONS: Final = "notifications"  # where the sums of all that is no conversation stand
_MODULUS: Final = 1 << 64
_PAGE: Final = 500
_SHOWN: Final = 20


@dataclass
class Sums:
    """Counts and checksums of one conversation, on either side."""

    old_count: int = 0
    old_hash: int = 0
    new_count: int = 0
    new_hash: int = 0

    @property
    def equal(self) -> bool:
        return (self.old_count, self.old_hash) == (self.new_count, self.new_hash)


@dataclass
class Verdict:
    total: Sums = field(default_factory=Sums)
    differing: dict[str, Sums] = field(default_factory=dict)
    waiting: int = 0  # rows that could be moved and are not yet
    rejected: Counter[str] = field(default_factory=Counter)
    vanished: int = 0  # rows that were moved and are no longer in the old table
    wrong_heads: list[str] = field(default_factory=list)
    conversations: int = 0

    @property
    def agrees(self) -> bool:
        return not (self.differing or self.waiting or self.vanished or self.wrong_heads)


def verify(source: SourceTable, name: str, choices: Choices, progress: Progress) -> Verdict:
    """Hold the old table against the new ones. Changes nothing."""
    verdict = Verdict()
    record = LegacyImport.objects.filter(source=name).first()
    check = _Check(source, choices, verdict, record)
    matched = 0
    for keys in batches(source, choices):
        matched += check.batch([id_ for _, id_ in keys])
        progress.advance(len(keys))
    progress.end()
    if record is not None:
        if not choices.since:
            verdict.vanished = LegacyRow.objects.filter(source=record).count() - matched
        for ids in conversation_pages(record, _PAGE):
            verdict.conversations += len(ids)
            verdict.wrong_heads += _wrong_heads(ids)
    return verdict


class _Check:
    def __init__(
        self, source: SourceTable, choices: Choices, verdict: Verdict, record: LegacyImport | None
    ) -> None:
        self.source = source
        self.choices = choices
        self.verdict = verdict
        self.record = record
        self.planner = Planner(choices, People(choices))

    def batch(self, ids: Sequence[Any]) -> int:
        """Add up one batch. Answers how many of its rows had been moved."""
        known = self._known(ids)
        rows = self.source.rows(ids)
        self.planner.load(rows)
        new = self._imported(list(known.values()))
        for row in rows:
            legacy_id = values.as_id(row["id"])
            done = known.get(legacy_id)
            if done is None:
                self._not_moved(row)
                continue
            place = NOTIFICATIONS if done.conversation_id is None else str(done.conversation_id)
            self._add(place, legacy_id, row, new.get(done.object_id))
        return len(known)

    def _known(self, ids: Sequence[Any]) -> dict[str, LegacyRow]:
        if self.record is None:
            return {}
        wanted = [legacy_id for id_ in ids if storable(legacy_id := values.as_id(id_))]
        rows = LegacyRow.objects.filter(source=self.record, legacy_id__in=wanted)
        return {row.legacy_id: row for row in rows}

    def _not_moved(self, row: Row) -> None:
        try:
            self.planner.plan(row)
        except Refused as refused:
            self.verdict.rejected[refused.reason] += 1
        else:
            self.verdict.waiting += 1

    def _add(self, place: str, legacy_id: str, row: Row, new: tuple[Any, datetime, str] | None) -> None:
        old_hash = self._old_hash(legacy_id, row, new)
        new_hash = None if new is None else _hash(legacy_id, *new)
        for sums in (self.verdict.total, self.verdict.differing.setdefault(place, Sums())):
            sums.old_count += 1
            sums.old_hash = (sums.old_hash + old_hash) % _MODULUS
            if new_hash is not None:
                sums.new_count += 1
                sums.new_hash = (sums.new_hash + new_hash) % _MODULUS
        if self.verdict.differing[place].equal:
            del self.verdict.differing[place]

    def _old_hash(self, legacy_id: str, row: Row, new: tuple[Any, datetime, str] | None) -> int:
        """The old row's hash. A sender who was erased from both sides since is no difference."""
        try:
            content, created = self.planner.content_of(row), self.planner.created_of(row)
        except Refused:
            return _hash(legacy_id, None, None, "changed into something that cannot be moved")
        reference = values.as_reference(row.get("sender"))
        person = None if reference is None else self.planner.people.person(reference)
        found = None if person is None or person is AMBIGUOUS else person.user_id
        if new is not None and (new[0] is None or found is None):
            found = new[0]
        return _hash(legacy_id, found, created, content)

    def _imported(self, done: Sequence[LegacyRow]) -> dict[UUID, tuple[Any, datetime, str]]:
        """Sender, time and content of what the rows became; of an edited message, what it said at first."""
        messages = [row.object_id for row in done if row.conversation_id is not None]
        others = [row.object_id for row in done if row.conversation_id is None]
        columns = ("pk", "sender_id", "created_at", "content", "edited_at")
        found: dict[UUID, tuple[Any, datetime, str]] = {}
        edited = []
        rows = ChatMessage.objects.filter(pk__in=messages).values_list(*columns)
        for pk, sender, created, content, edited_at in rows:
            found[pk] = (sender, created, content)
            if edited_at is not None:
                edited.append(pk)
        for edit in MessageEdit.objects.filter(message_id__in=edited).order_by("-id"):
            found[edit.message_id] = (*found[edit.message_id][:2], edit.content)
        for pk, created, body in Notification.objects.filter(pk__in=others).values_list(
            "pk", "created_at", "body"
        ):
            found[pk] = (None, created, body)
        return found


def _hash(legacy_id: str, sender: Any, created: datetime | None, content: str) -> int:
    stamp = "" if created is None else f"{created.timestamp():.6f}"
    text = "\x00".join((legacy_id, "" if sender is None else str(sender), stamp, content))
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8"), digest_size=8).digest(), "big")


def conversation_pages(record: LegacyImport, size: int) -> Iterator[list[UUID]]:
    """The conversations that the import wrote to, in pages."""
    rows = LegacyRow.objects.filter(source=record, conversation_id__isnull=False).order_by("conversation_id")
    after = None
    while True:
        page = rows if after is None else rows.filter(conversation_id__gt=after)
        ids = list(page.values_list("conversation_id", flat=True).distinct()[:size])
        if not ids:
            return
        yield [key for key in ids if key is not None]
        after = ids[-1]


def _wrong_heads(ids: Sequence[UUID]) -> list[str]:
    """Conversations of which the head does not agree with the messages. One statement, so one moment."""
    unread = Q(messages__deleted_at=None, messages__hidden_at=None) & ~Q(messages__status="read")
    counted = Conversation.objects.filter(pk__in=ids).annotate(
        held=Count("messages"),
        top=Max("messages__seq"),
        newest=Max("messages__rev"),
        for_customer=Count("messages", filter=unread & Q(messages__sender_side=Side.BUSINESS)),
        for_business=Count("messages", filter=unread & Q(messages__sender_side=Side.CUSTOMER)),
    )
    right = Q(
        held=F("last_seq"),
        top=F("last_seq"),
        newest__lte=F("rev"),
        for_customer=F("customer_unread"),
        for_business=F("business_unread"),
    )
    return [str(pk) for pk in counted.exclude(right).order_by("pk").values_list("pk", flat=True)]
