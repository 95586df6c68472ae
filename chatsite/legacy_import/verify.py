"""Compare the old table with the import, row by row in batches.

Each conversation has a count and a checksum for the old rows and for the imported ones. The checksum is the sum of the
hashes of all rows (old id, sender, time and content), so it does not depend on their order. A batch adds old and
imported rows together, and equal sums are dropped. So the memory grows with the number of differences and not with the
table.
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
from conversations.validation import storable
from notifications.models import Notification

NOTIFICATIONS: Final = "notifications"  # the key of the sums of all notifications
_MODULUS: Final = 1 << 64
_PAGE: Final = 500
_SHOWN: Final = 20


@dataclass
class Sums:
    """The counts and checksums of one conversation, for old and imported rows."""

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
    waiting: int = 0  # rows that can be moved and have not been
    rejected: Counter[str] = field(default_factory=Counter)
    vanished: int = 0  # rows that have been moved and are no longer in the old table
    wrong_conversations: list[str] = field(default_factory=list)
    conversations: int = 0

    @property
    def agrees(self) -> bool:
        return not (self.differing or self.waiting or self.vanished or self.wrong_conversations)


def verify(source: SourceTable, name: str, options: ImportOptions, progress: Progress) -> Comparison:
    """Compare the old table with the import. Changes nothing.

    This holds the import lock, because rows that are moved or removed meanwhile would look like differences.
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
            comparison.wrong_conversations += wrong_conversations(ids)
    return comparison


@dataclass(slots=True, frozen=True)
class ImportedContent:
    """The message or notification of a row. An edited message counts with its first content."""

    sender_id: Any
    created_at: datetime
    content: str
    is_emptied: bool  # the content was removed on purpose: its sender was erased, or its recipient deleted it


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
        """Add one batch to the comparison. Return the number of its rows that have been moved."""
        known = self._known(ids)
        rows = self.source.rows(ids)
        self.planner.load(rows)
        new = self._imported(list(known.values()))
        for row in rows:
            legacy_id = parsing.parse_id(row["id"])
            moved = known.get(legacy_id)
            if moved is None:
                self._count_unmoved(row)
                continue
            key = NOTIFICATIONS if moved.conversation_id is None else str(moved.conversation_id)
            self._add(key, legacy_id, row, new.get(moved.object_id))
        return len(known)

    def _known(self, ids: Sequence[Any]) -> dict[str, LegacyRow]:
        if self.record is None:
            return {}
        wanted = [legacy_id for id_ in ids if storable(legacy_id := parsing.parse_id(id_))]
        rows = LegacyRow.objects.filter(source=self.record, legacy_id__in=wanted)
        return {row.legacy_id: row for row in rows}

    def _count_unmoved(self, row: Row) -> None:
        try:
            self.planner.plan(row)
        except RowRejected as rejection:
            self.comparison.rejected[rejection.reason] += 1
        else:
            self.comparison.waiting += 1

    def _add(self, key: str, legacy_id: str, row: Row, new: ImportedContent | None) -> None:
        old_hash = self._old_hash(legacy_id, row, new)
        new_hash = None if new is None else _hash(legacy_id, new.sender_id, new.created_at, new.content)
        for sums in (self.comparison.total, self.comparison.differing.setdefault(key, Sums())):
            sums.old_count += 1
            sums.old_hash = (sums.old_hash + old_hash) % _MODULUS
            if new_hash is not None:
                sums.new_count += 1
                sums.new_hash = (sums.new_hash + new_hash) % _MODULUS
        if self.comparison.differing[key].equal:
            del self.comparison.differing[key]

    def _old_hash(self, legacy_id: str, row: Row, new: ImportedContent | None) -> int:
        """Return the hash of the old row. An erasure or a deletion since the import is not a difference."""
        try:
            content, created = self.planner.moved_content_of(row), self.planner.created_of(row)
        except RowRejected:
            return _hash(legacy_id, None, None, "the row has changed and can no longer be moved")
        reference = parsing.parse_reference(row.get("sender"))
        person = None if reference is None else self.planner.directory.person(reference)
        sender_id = person.user_id if isinstance(person, Person) else None
        if new is not None and (new.sender_id is None or sender_id is None):
            sender_id = new.sender_id
        if new is not None and new.is_emptied:
            content = ""
        return _hash(legacy_id, sender_id, created, content)

    def _imported(self, done: Sequence[LegacyRow]) -> dict[UUID, ImportedContent]:
        found = imported_messages([row.object_id for row in done if row.conversation_id is not None])
        others = [row.object_id for row in done if row.conversation_id is None]
        rows = Notification.objects.filter(pk__in=others)
        for pk, created, body, deleted_at in rows.values_list("pk", "created_at", "body", "deleted_at"):
            found[pk] = ImportedContent(None, created, body, deleted_at is not None and not body)
        return found


def imported_messages(ids: Sequence[UUID]) -> dict[UUID, ImportedContent]:
    """Read the messages, and then the first contents of the edited ones.

    In this order, an edit between the two queries is in both results.
    """
    found: dict[UUID, ImportedContent] = {}
    edited = []
    rows = ChatMessage.objects.filter(pk__in=ids)
    columns = ("pk", "sender_id", "created_at", "content", "edited_at", "deleted_at")
    for pk, sender_id, created, content, edited_at, deleted_at in rows.values_list(*columns):
        is_emptied = deleted_at is not None and not content
        found[pk] = ImportedContent(sender_id, created, content, is_emptied)
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
    """Yield the conversations with imported messages, in pages."""
    rows = LegacyRow.objects.filter(source=record, conversation_id__isnull=False).order_by("conversation_id")
    after = None
    while True:
        page = rows if after is None else rows.filter(conversation_id__gt=after)
        ids = list(page.values_list("conversation_id", flat=True).distinct()[:size])
        if not ids:
            return
        yield [key for key in ids if key is not None]
        after = ids[-1]


def wrong_conversations(ids: Sequence[UUID]) -> list[str]:
    """Return the conversations whose counters differ from their messages. One statement reads both at one moment."""
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
