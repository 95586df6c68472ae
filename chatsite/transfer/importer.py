"""Import a file batch by batch, or rehearse it for `--dry-run`."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final
from uuid import UUID

import msgspec
from django.utils import timezone

from chatsite.legacy_import.batches import import_batches
from chatsite.legacy_import.errors import ImportStopped
from chatsite.legacy_import.import_lock import ImportLock, acquire_lock
from chatsite.legacy_import.models import LegacyRow
from chatsite.legacy_import.progress import Progress
from chatsite.legacy_import.reject_file import RejectFile
from chatsite.legacy_import.rejection import RowRejected
from chatsite.transfer.batch_writer import write_batch
from chatsite.transfer.files import check_files, store_files
from chatsite.transfer.options import FORMATS, TransferOptions
from chatsite.transfer.people import People
from chatsite.transfer.plan import PlannedMessage, Planner
from chatsite.transfer.records import Broken, Found, LeftOut, Record
from conversations.validation import storable

LINE_BYTES: Final = 64 * 2**20  # of one line: a conversation of another system, or a message


@dataclass
class Report:
    """The counts of a run or a dry run."""

    records: int = 0
    known: int = 0
    messages: int = 0
    files: int = 0
    people_made: int = 0
    businesses_made: int = 0
    seconds: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)


def import_file(options: TransferOptions, progress: Progress) -> Report:
    """Store every message of the file that has not been stored. A dry run writes only the file of rejects."""
    if options.dry_run:
        return _Run(options, progress, None).go()
    with acquire_lock(options.source_name) as import_lock:
        report = _Run(options, progress, import_lock).go()
        import_lock.update(finished_at=timezone.now())
    return report


class _Run:
    def __init__(self, options: TransferOptions, progress: Progress, import_lock: ImportLock | None) -> None:
        self.options = options
        self.progress = progress
        self.import_lock = import_lock
        self.planner = Planner(options, People(options, import_lock))
        self.report = Report()

    def go(self) -> Report:
        with RejectFile(self.options.rejects) as rejects:
            import_batches(
                batches(self.options),
                lambda records: self._batch(records, rejects),
                self.progress,
                self.import_lock,
            )
            self.report.reasons = rejects.reasons
        self.progress.end()
        self.report.people_made = self.planner.people.made
        self.report.seconds = self.progress.seconds
        return self.report

    def _batch(self, records: Sequence[Record], rejects: RejectFile) -> None:
        found = sort_out(records, self.report.left_out, rejects)
        self.report.records += len(records)
        known = known_ids(self.options.source_name, found)
        new = list({one.message.id: one for one in found if one.message.id not in known}.values())
        self.report.known += len(found) - len(new)
        if not new:
            return
        self.planner.load(new)
        stored: dict[str, list[UUID]] = {}
        planned = list(self._plan(new, rejects, stored))
        made, self.planner.made = self.planner.made, []
        self.report.messages += len(planned)
        self.report.businesses_made += len(made)
        if self.import_lock and (planned or made):
            write_batch(self.import_lock, planned, made, stored)

    def _plan(
        self, new: Sequence[Found], rejects: RejectFile, stored: dict[str, list[UUID]]
    ) -> Iterator[PlannedMessage]:
        for found in new:
            try:
                plan = self.planner.plan(found)
                check_files(self.options.files, plan.files)
                if self.import_lock and plan.files:
                    files = store_files(self.options.files, plan.files, plan.columns["sender_id"])
                    stored[plan.source_id] = [file.pk for file in files]
            except RowRejected as rejection:
                rejects.add(shown(found), rejection)
                continue
            self.report.files += len(plan.files)
            yield plan


def sort_out(records: Iterable[Record], left_out: Counter[str], rejects: RejectFile | None) -> list[Found]:
    """Return the messages. Count what has no place here, and reject what cannot be read."""
    found = []
    for record in records:
        if isinstance(record, Found):
            found.append(record)
        elif isinstance(record, LeftOut):
            left_out[record.what] += 1
        elif isinstance(record, Broken) and rejects is not None:
            rejects.add({"id": None, "line": record.line}, RowRejected("bad_line", record.detail))
    return found


def known_ids(source: str, found: Sequence[Found]) -> set[str]:
    """Return the ids of the messages that have been stored."""
    ids = [one.message.id for one in found if storable(one.message.id)]
    rows = LegacyRow.objects.filter(source__source=source, legacy_id__in=ids)
    return set(rows.values_list("legacy_id", flat=True))


def shown(found: Found) -> dict[str, Any]:
    """Return the message as the file of rejects shows it."""
    line: dict[str, Any] = msgspec.to_builtins(found.message)
    return {"id": found.message.id, "line": found.line, "conversation": found.conversation.id, **line}


def batches(options: TransferOptions) -> Iterator[list[Record]]:
    """Read the file in batches. Raises `ImportStopped` for one that cannot be read."""
    with _open(options.path) as file:
        records = FORMATS[options.format].read(_lines(file))
        while batch := list(islice(records, options.batch)):
            yield batch


@contextmanager
def _open(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as file:
            if path.suffix == ".gz":
                with gzip.GzipFile(fileobj=file) as unpacked:
                    yield unpacked  # type: ignore[misc]
            else:
                yield file
    except (OSError, EOFError) as error:
        raise ImportStopped(f"{path}: {error}") from error


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines that are not empty. A longer line than the limit would fill the memory."""
    while line := file.readline(LINE_BYTES + 1):
        if len(line) > LINE_BYTES:
            raise ImportStopped(
                f"A line has more than {LINE_BYTES} bytes. The file must have one record on each line."
            )
        if line.strip():
            yield line
