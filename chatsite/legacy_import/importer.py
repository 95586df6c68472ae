"""Import an old table batch by batch, or rehearse it for `--dry-run`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from chatsite.legacy_import import batch_writer, parsing
from chatsite.legacy_import.batches import import_batches
from chatsite.legacy_import.directory import Directory
from chatsite.legacy_import.import_lock import ImportLock, acquire_lock
from chatsite.legacy_import.models import LegacyImport, LegacyRow
from chatsite.legacy_import.options import ImportOptions
from chatsite.legacy_import.plan import Planned, PlannedMessage, Planner
from chatsite.legacy_import.progress import Progress
from chatsite.legacy_import.reject_file import RejectFile
from chatsite.legacy_import.rejection import RowRejected
from chatsite.legacy_import.source_table import Key, Row, SourceTable
from conversations.validation import storable


@dataclass
class Report:
    """The counts of a run or a dry run. `rows` counts the rows that it read."""

    rows: int = 0
    known: int = 0
    messages: int = 0
    notifications: int = 0
    repaired: int = 0
    out_of_order: int = 0
    businesses_made: int = 0
    seconds: float = 0.0
    types: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def count(self, plan: Planned) -> None:
        if isinstance(plan, PlannedMessage):
            self.messages += 1
            self.types[f"message: {plan.message_type}"] += 1
            self.statuses[plan.status] += 1
        else:
            self.notifications += 1
            self.types[f"notification: {plan.type}"] += 1

    @property
    def rejected(self) -> int:
        return self.reasons.total()


def import_rows(source: SourceTable, name: str, options: ImportOptions, progress: Progress) -> Report:
    """Move every row that has not been moved. A dry run writes only the file of rejects."""
    if options.dry_run:
        return _Run(source, options, progress, None, LegacyImport.objects.filter(source=name).first()).go()
    with acquire_lock(name) as import_lock:
        report = _Run(source, options, progress, import_lock, import_lock.record).go()
        import_lock.update(finished_at=timezone.now())
    return report


class _Run:
    def __init__(
        self,
        source: SourceTable,
        options: ImportOptions,
        progress: Progress,
        import_lock: ImportLock | None,
        record: LegacyImport | None,
    ) -> None:
        self.source = source
        self.options = options
        self.progress = progress
        self.import_lock = import_lock
        self.record = record
        self.planner = Planner(options, Directory(options))
        self.report = Report()
        self._latest = ""

    def go(self) -> Report:
        with RejectFile(self.options.rejects) as rejects:
            import_batches(
                batches(self.source, self.options),
                lambda keys: self._batch(keys, rejects),
                self.progress,
                self.import_lock,
            )
            for _ in range(self.source.count_without_id()):
                rejects.add({"id": None}, RowRejected("bad_id", "The row has no id."))
                self.report.rows += 1
            self.report.reasons = rejects.reasons
        self.progress.end()
        self.report.repaired = self.planner.repaired
        self.report.seconds = self.progress.seconds
        return self.report

    def _batch(self, keys: Sequence[Key], rejects: RejectFile) -> None:
        known = known_ids(self.record, keys)
        waiting = [id_ for _, id_ in keys if parsing.parse_id(id_) not in known]
        self.report.rows += len(keys)
        self.report.known += len(keys) - len(waiting)
        if not waiting:
            return
        rows = self.source.rows(waiting)
        self.planner.load(rows)
        planned = list(self._plan(rows, rejects))
        made, self.planner.directory.made = self.planner.directory.made, []
        self.report.businesses_made += len(made)
        if self.import_lock and (planned or made):
            batch_writer.write_batch(self.import_lock, planned, made, keys[-1])

    def _plan(self, rows: Sequence[Row], rejects: RejectFile) -> Iterator[Planned]:
        for row in rows:
            try:
                plan = self.planner.plan(row)
            except RowRejected as rejection:
                rejects.add(row, rejection)
                continue
            # The database sorts the raw column. Times in several formats may not be in time order.
            stamp = plan.created_at.isoformat()
            self.report.out_of_order += stamp < self._latest
            self._latest = max(stamp, self._latest)
            self.report.count(plan)
            yield plan


def batches(source: SourceTable, options: ImportOptions) -> Iterator[list[Key]]:
    """Yield the keys of the old table in batches."""
    for page in source.keys(options.since):
        for start in range(0, len(page), options.batch):
            yield page[start : start + options.batch]


def known_ids(record: LegacyImport | None, keys: Sequence[Key]) -> set[str]:
    """Return the ids of the old rows that have been moved."""
    if record is None:
        return set()
    ids = [legacy_id for _, id_ in keys if storable(legacy_id := parsing.parse_id(id_))]
    return set(LegacyRow.objects.filter(source=record, legacy_id__in=ids).values_list("legacy_id", flat=True))
