"""What the command says at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from chatsite.legacy_import.importer import Report
from chatsite.legacy_import.options import ImportOptions
from chatsite.legacy_import.undo import UndoReport
from chatsite.legacy_import.verify import Comparison

_SHOWN = 20


def of_run(report: Report, options: ImportOptions) -> Iterator[str]:
    would = "would be moved" if options.dry_run else "moved"
    rate = report.rows / max(report.seconds, 0.001)
    yield f"{report.rows:,} rows looked at in {report.seconds:,.1f} s ({rate:,.0f} a second)."
    yield f"Already moved: {report.known:,}"
    yield f"Messages {would}: {report.messages:,}"
    yield f"Notifications {would}: {report.notifications:,}"
    yield from _counted("  ", report.types)
    yield from _counted("  status ", report.statuses)
    if report.businesses_made:
        yield f"Businesses {'to be ' if options.dry_run else ''}made: {report.businesses_made:,}"
    if report.repaired:
        yield f"Repaired (NULs taken out): {report.repaired:,}"
    if report.out_of_order:
        yield f"Out of the order of time: {report.out_of_order:,} (is the time a text in several notations?)"
    yield f"Rejected: {report.rejected:,}{f', see {options.rejects}' if report.rejected else ''}"
    yield from _counted("  ", report.reasons)


def of_verdict(comparison: Comparison) -> Iterator[str]:
    total = comparison.total
    yield f"Old rows that were moved: {total.old_count:,}, checksum {total.old_hash:016x}"
    yield f"What they became:         {total.new_count:,}, checksum {total.new_hash:016x}"
    yield f"Conversations: {comparison.conversations:,}, with differences: {len(comparison.differing):,}"
    for place, sums in sorted(comparison.differing.items())[:_SHOWN]:
        counts = f"{sums.old_count:,} rows and {sums.new_count:,} imported"
        yield f"  {place}: {counts}, checksums {sums.old_hash:016x} and {sums.new_hash:016x}"
    yield f"Not yet moved: {comparison.waiting:,}"
    yield f"Moved, and gone from the old table: {comparison.vanished:,}"
    yield f"conversations that do not agree with their messages: {len(comparison.wrong_conversations):,}"
    yield from (f"  {place}" for place in comparison.wrong_conversations[:_SHOWN])
    yield f"Cannot be moved: {comparison.rejected.total():,}"
    yield from _counted("  ", comparison.rejected)
    yield "The two agree." if comparison.agrees else "The two DIFFER."


def of_undo(undo_report: UndoReport, *, dry_run: bool) -> Iterator[str]:
    removed = "To be removed" if dry_run else "Removed"
    yield f"{removed}: {undo_report.messages:,} messages, {undo_report.notifications:,} notifications"
    if not dry_run:
        made = f"{undo_report.conversations:,} conversations, {undo_report.businesses:,} businesses"
        yield f"{removed}, having been made by the import: {made}"
    for key in undo_report.kept_businesses:
        yield f"Kept, being in use: business {key}"
    if undo_report.refused:
        yield f"Left as they are, since somebody wrote after the import: {len(undo_report.refused):,} conversations"
        yield from (f"  {key}" for key in undo_report.refused)


def _counted(indent: str, counts: Counter[str]) -> Iterator[str]:
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        yield f"{indent}{name}: {count:,}"
