"""Format the results that the command prints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from chatsite.legacy_import.report import counted_lines, undo_lines
from chatsite.transfer.importer import Report
from chatsite.transfer.options import TransferOptions
from chatsite.transfer.undo import FullUndoReport
from chatsite.transfer.verify import Comparison

_SHOWN: Final = 20


def import_lines(report: Report, options: TransferOptions) -> Iterator[str]:
    would = "Would be imported" if options.dry_run else "Imported"
    yield f"Read: {report.records:,} records in {report.seconds:.1f} s"
    yield f"{would}: {report.messages:,} messages with {report.files:,} files"
    yield f"Imported before: {report.known:,}"
    created = "Would be created" if options.dry_run else "Created"
    yield f"{created}: {report.people_made:,} people, {report.businesses_made:,} businesses"
    yield f"Left out: {report.left_out.total():,}"
    yield from counted_lines(report.left_out)
    yield f"Rejected: {report.reasons.total():,}"
    yield from counted_lines(report.reasons)
    if report.reasons:
        yield f"The rejected messages are in {options.rejects}."


def verify_lines(comparison: Comparison) -> Iterator[str]:
    yield f"The same on both sides: {comparison.same:,}"
    yield f"Different: {len(comparison.differing):,}"
    yield from (f"  {source_id}" for source_id in comparison.differing[:_SHOWN])
    yield f"Not yet imported: {comparison.waiting:,}"
    yield f"Imported and no longer in the file: {comparison.vanished:,}"
    yield f"Conversations that do not match their messages: {len(comparison.wrong_conversations):,}"
    yield from (f"  {key}" for key in comparison.wrong_conversations[:_SHOWN])
    yield f"Rejected: {comparison.rejected.total():,}"
    yield from counted_lines(comparison.rejected)
    yield "The file and the import agree." if comparison.agrees else "The file and the import DIFFER."


def undone_lines(report: FullUndoReport, *, dry_run: bool) -> Iterator[str]:
    yield from undo_lines(report.conversations, dry_run=dry_run)
    if not dry_run:
        yield f"Removed: {report.accounts:,} accounts"
    if report.kept_accounts:
        yield f"Kept because they are in use: {len(report.kept_accounts):,} accounts"
