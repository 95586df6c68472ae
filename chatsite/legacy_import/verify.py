"""Compares the old table with what was imported: row by row in batches, so in bounded memory.

For each conversation there is a count and a checksum of either side. The checksum adds up a hash of every row (its
old id, sender, time and content), so it does not depend on the order. A batch adds the old rows and what they became
at once, and sums that have come out equal are dropped: what is kept grows with the differences, not with the table.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, F, Max, Q

from chatsite.legacy_import import parsing
from chatsite.legacy_import.directory import Directory, Person
from chatsite.legacy_import.import_lock import ImportLock, acquire_lock
from chatsite.legacy_import.importer import batches
from chatsite.legacy_import.models import LegacyImport, LegacyRow
from chatsite.legacy_import.options import ImportOptions
from chatsite.legacy_import.plan import Planner
from chatsite.legacy_import.progress import Progress
from chatsite.legacy_import.rejection import RowRejected
from chatsite.legacy_import.source_table import Row, SourceTable
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
class Comparison:
    total: Sums = field(default_factory=Sums)
    differing: dict[str, Sums] = field(default_factory=dict)
    waiting: int = 0  # rows that could be moved and are not yet
    rejected: Counter[str] = field(default_factory=Counter)
    vanished: int = 0  # rows that were moved and are no longer in the old table
    wrong_conversations: list[str] = field(default_factory=list)
    conversations: int = 0

    @property
    def agrees(self) -> bool:
        return not (self.differing or self.waiting or self.vanished or self.wrong_conversations)


def verify(source: SourceTable, name: str, options: ImportOptions, progress: Progress) -> Comparison:
    """Compare the old table with what was imported from it. Changes nothing.

    No import or undo of the table can run meanwhile, since what it moves would look like a difference.
    """
    record = LegacyImport.objects.filter(source=name).first()
    if record is None:
        return _compare(source, options, progress, None)
    with acquire_lock(name) as import_lock:
        return _compare(source, options, progress, import_lock)


def _compare(
    source: SourceTable, options: ImportOptions, progress: Progress, import_lock: ImportLock | None
) -> Comparison:
    comparison = Comparison()
    record = None if import_lock is None else import_lock.record
    batch_comparer = _BatchComparer(source, options, comparison, record)
    matched = 0
    for keys in batches(source, options):
        matched += batch_comparer.compare([id_ for _, id_ in keys])
        progress.advance(len(keys))
        if import_lock is not None:
            import_lock.renew()
    progress.end()
    if record is not None:
        if not options.since:
            comparison.vanished = LegacyRow.objects.filter(source=record).count() - matched
        for ids in conversation_pages(record, _PAGE):
            comparison.conversations += len(ids)
            comparison.wrong_conversations += _wrong_conversations(ids)
    return comparison


@dataclass(slots=True, frozen=True)
class _Imported:
    """What a row became. An edited message counts with its first content."""

    sender_id: Any
    created_at: datetime
    content: str
    is_emptied: bool  # its sender was erased, or its recipient deleted it: the content is gone on purpose


class _BatchComparer:
    def __init__(
        self, source: SourceTable, options: ImportOptions, comparison: Comparison, record: LegacyImport | None
    ) -> None:
        self.source = source
        self.options = options
        self.comparison = comparison
        self.record = record
        self.planner = Planner(options, Directory(options))

    def compare(self, ids: Sequence[Any]) -> int:
        """Add one batch to the comparison. Returns how many of its rows had been moved."""
        known = self._known(ids)
        rows = self.source.rows(ids)
        self.planner.load(rows)
        new = self._imported(list(known.values()))
        for row in rows:
            legacy_id = parsing.parse_id(row["id"])
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
        wanted = [legacy_id for id_ in ids if storable(legacy_id := parsing.parse_id(id_))]
        rows = LegacyRow.objects.filter(source=self.record, legacy_id__in=wanted)
        return {row.legacy_id: row for row in rows}

    def _not_moved(self, row: Row) -> None:
        try:
            self.planner.plan(row)
        except RowRejected as rejection:
            self.comparison.rejected[rejection.reason] += 1
        else:
            self.comparison.waiting += 1

    def _add(self, place: str, legacy_id: str, row: Row, new: _Imported | None) -> None:
        old_hash = self._old_hash(legacy_id, row, new)
        new_hash = None if new is None else _hash(legacy_id, new.sender_id, new.created_at, new.content)
        for sums in (self.comparison.total, self.comparison.differing.setdefault(place, Sums())):
            sums.old_count += 1
            sums.old_hash = (sums.old_hash + old_hash) % _MODULUS
            if new_hash is not None:
                sums.new_count += 1
                sums.new_hash = (sums.new_hash + new_hash) % _MODULUS
        if self.comparison.differing[place].equal:
            del self.comparison.differing[place]

    def _old_hash(self, legacy_id: str, row: Row, new: _Imported | None) -> int:
        """The old row's hash. What people did on purpose since is no difference: an erasure, or a deletion."""
        try:
            content, created = self.planner.moved_content_of(row), self.planner.created_of(row)
        except RowRejected:
            return _hash(legacy_id, None, None, "changed into something that cannot be moved")
        reference = parsing.parse_reference(row.get("sender"))
        person = None if reference is None else self.planner.directory.person(reference)
        sender_id = person.user_id if isinstance(person, Person) else None
        if new is not None and (new.sender_id is None or sender_id is None):
            sender_id = new.sender_id
        if new is not None and new.is_emptied:
            content = ""
        return _hash(legacy_id, sender_id, created, content)

    def _imported(self, done: Sequence[LegacyRow]) -> dict[UUID, _Imported]:
        found = _messages([row.object_id for row in done if row.conversation_id is not None])
        others = [row.object_id for row in done if row.conversation_id is None]
        rows = Notification.objects.filter(pk__in=others)
        for pk, created, body, deleted_at in rows.values_list("pk", "created_at", "body", "deleted_at"):
            found[pk] = _Imported(None, created, body, deleted_at is not None and not body)
        return found


def _messages(ids: Sequence[UUID]) -> dict[UUID, _Imported]:
    """The messages, and then the first contents of those that were edited: an edit in between is in both answers."""
    found: dict[UUID, _Imported] = {}
    edited = []
    rows = ChatMessage.objects.filter(pk__in=ids)
    columns = ("pk", "sender_id", "created_at", "content", "edited_at", "deleted_at")
    for pk, sender_id, created, content, edited_at, deleted_at in rows.values_list(*columns):
        is_emptied = deleted_at is not None and not content
        found[pk] = _Imported(sender_id, created, content, is_emptied)
        if edited_at is not None and not is_emptied:
            edited.append(pk)
    for edit in MessageEdit.objects.filter(message_id__in=edited).order_by("-id"):
        found[edit.message_id] = replace(found[edit.message_id], content=edit.content)
    return found


def _hash(legacy_id: str, sender: Any, created: datetime | None, content: str) -> int:
    stamp = "" if created is None else created.astimezone(UTC).isoformat(timespec="microseconds")
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


def _wrong_conversations(ids: Sequence[UUID]) -> list[str]:
    """Conversations whose counters disagree with their messages, in one statement and so at one moment."""
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
