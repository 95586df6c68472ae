"""Format the results that the command prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from chatsite.legacy_import.importer import Report
from chatsite.legacy_import.options import ImportOptions
from chatsite.legacy_import.undo import UndoReport
from chatsite.legacy_import.verify import Comparison

_SHOWN = 20


def import_lines(report: Report, options: ImportOptions) -> Iterator[str]:
    would = "would be moved" if options.dry_run else "moved"
    rate = report.rows / max(report.seconds, 0.001)
    yield f"{report.rows:,} rows read in {report.seconds:,.1f} s ({rate:,.0f} per second)."
    yield f"Already moved: {report.known:,}"
    yield f"Messages {would}: {report.messages:,}"
    yield f"Notifications {would}: {report.notifications:,}"
    yield from counted_lines(report.types)
    yield from counted_lines(report.statuses, "  status ")
    if report.businesses_made:
        yield f"Businesses {'to be ' if options.dry_run else ''}created: {report.businesses_made:,}"
    if report.repaired:
        yield f"Repaired (NUL characters removed): {report.repaired:,}"
    if report.out_of_order:
        yield f"Not in time order: {report.out_of_order:,} (the time column may hold texts in several formats)"
    yield f"Rejected: {report.rejected:,}{f', see {options.rejects}' if report.rejected else ''}"
    yield from counted_lines(report.reasons)


def verify_lines(comparison: Comparison) -> Iterator[str]:
    total = comparison.total
    yield f"Old rows that were moved: {total.old_count:,}, checksum {total.old_hash:016x}"
    yield f"Imported rows:            {total.new_count:,}, checksum {total.new_hash:016x}"
    yield f"Conversations: {comparison.conversations:,}, with differences: {len(comparison.differing):,}"
    for place, sums in sorted(comparison.differing.items())[:_SHOWN]:
        counts = f"{sums.old_count:,} rows and {sums.new_count:,} imported"
        yield f"  {place}: {counts}, checksums {sums.old_hash:016x} and {sums.new_hash:016x}"
    yield f"Not yet moved: {comparison.waiting:,}"
    yield f"Moved but missing from the old table: {comparison.vanished:,}"
    yield f"Conversations that do not match their messages: {len(comparison.wrong_conversations):,}"
    yield from (f"  {place}" for place in comparison.wrong_conversations[:_SHOWN])
    yield f"Rejected: {comparison.rejected.total():,}"
    yield from counted_lines(comparison.rejected)
    yield (
        "The old table and the import agree." if comparison.agrees else "The old table and the import DIFFER."
    )


def undo_lines(undo_report: UndoReport, *, dry_run: bool) -> Iterator[str]:
    removed = "Would remove" if dry_run else "Removed"
    yield f"{removed}: {undo_report.messages:,} messages, {undo_report.notifications:,} notifications"
    if not dry_run:
        made = f"{undo_report.conversations:,} conversations, {undo_report.businesses:,} businesses"
        yield f"{removed}, created by the import: {made}"
    for key in undo_report.kept_businesses:
        yield f"Kept because it is in use: business {key}"
    if undo_report.refused:
        yield f"Kept because of newer messages: {len(undo_report.refused):,} conversations"
        yield from (f"  {key}" for key in undo_report.refused)


def counted_lines(counts: Counter[str], indent: str = "  ") -> Iterator[str]:
    """Yield a line for each name, the most frequent first."""
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        yield f"{indent}{name}: {count:,}"
