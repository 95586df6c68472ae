"""The import, batch by batch; and the same without writing, for `--dry-run`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from chatsite.legacy_import import values, writing
from chatsite.legacy_import.choices import Choices
from chatsite.legacy_import.journal import Journal, hold
from chatsite.legacy_import.models import LegacyImport, LegacyRow
from chatsite.legacy_import.people import People
from chatsite.legacy_import.plan import Planned, PlannedMessage, Planner
from chatsite.legacy_import.progress import Progress
from chatsite.legacy_import.refusal import Refused
from chatsite.legacy_import.rejects import Rejects
from chatsite.legacy_import.source import Key, Row, SourceTable
from conversations.operations import storable


@dataclass
class Report:
    """What a run has done, or a dry run would do. `rows` are those that it looked at."""

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


def import_rows(source: SourceTable, name: str, choices: Choices, progress: Progress) -> Report:
    """Move every row that is not done. With `dry_run` nothing is written but the file of rejects."""
    if choices.dry_run:
        return _Run(source, choices, progress, None, LegacyImport.objects.filter(source=name).first()).go()
    with hold(name) as journal:
        report = _Run(source, choices, progress, journal, journal.record).go()
        journal.note(finished_at=timezone.now())
    return report


class _Run:
    def __init__(
        self,
        source: SourceTable,
        choices: Choices,
        progress: Progress,
        journal: Journal | None,
        record: LegacyImport | None,
    ) -> None:
        self.source = source
        self.choices = choices
        self.progress = progress
        self.journal = journal
        self.record = record
        self.planner = Planner(choices, People(choices))
        self.report = Report()
        self._latest = ""

    def go(self) -> Report:
        with Rejects(self.choices.rejects) as rejects:
            for keys in batches(self.source, self.choices):
                self._batch(keys, rejects)
                self.progress.advance(len(keys))
                if self.journal:
                    self.journal.renew()
            for _ in range(self.source.count_without_id()):
                rejects.add({"id": None}, Refused("bad_id", "The row has no id."))
                self.report.rows += 1
            self.report.reasons = rejects.reasons
        self.progress.end()
        self.report.repaired = self.planner.repaired
        self.report.seconds = self.progress.seconds
        return self.report

    def _batch(self, keys: Sequence[Key], rejects: Rejects) -> None:
        known = known_ids(self.record, keys)
        waiting = [id_ for _, id_ in keys if values.as_id(id_) not in known]
        self.report.rows += len(keys)
        self.report.known += len(keys) - len(waiting)
        if not waiting:
            return
        rows = self.source.rows(waiting)
        self.planner.load(rows)
        planned = list(self._plan(rows, rejects))
        made, self.planner.people.made = self.planner.people.made, []
        self.report.businesses_made += len(made)
        if self.journal and (planned or made):
            writing.write(self.journal, planned, made, keys[-1])

    def _plan(self, rows: Sequence[Row], rejects: Rejects) -> Iterator[Planned]:
        for row in rows:
            try:
                plan = self.planner.plan(row)
            except Refused as refused:
                rejects.add(row, refused)
                continue
            # The database sorted by the column as it is; times in several notations may not be in order of time.
            stamp = plan.created_at.isoformat()
            self.report.out_of_order += stamp < self._latest
            self._latest = max(stamp, self._latest)
            self.report.count(plan)
            yield plan


def batches(source: SourceTable, choices: Choices) -> Iterator[list[Key]]:
    """The keys of the old table in batches."""
    for page in source.keys(choices.since):
        for start in range(0, len(page), choices.batch):
            yield page[start : start + choices.batch]


def known_ids(record: LegacyImport | None, keys: Sequence[Key]) -> set[str]:
    """Which of the old rows are done."""
    if record is None:
        return set()
    ids = [legacy_id for _, id_ in keys if storable(legacy_id := values.as_id(id_))]
    return set(LegacyRow.objects.filter(source=record, legacy_id__in=ids).values_list("legacy_id", flat=True))
