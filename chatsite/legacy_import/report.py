"""What the command says at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from chatsite.legacy_import.choices import Choices
from chatsite.legacy_import.run import Report
from chatsite.legacy_import.undo import Undone
from chatsite.legacy_import.verify import Verdict

_SHOWN = 20


def of_run(report: Report, choices: Choices) -> Iterator[str]:
    would = "would be moved" if choices.dry_run else "moved"
    rate = report.rows / max(report.seconds, 0.001)
    yield f"{report.rows:,} rows looked at in {report.seconds:,.1f} s ({rate:,.0f} a second)."
    yield f"Already moved: {report.known:,}"
    yield f"Messages {would}: {report.messages:,}"
    yield f"Notifications {would}: {report.notifications:,}"
    yield from _counted("  ", report.types)
    yield from _counted("  status ", report.statuses)
    if report.businesses_made:
        yield f"Businesses {'to be ' if choices.dry_run else ''}made: {report.businesses_made:,}"
    if report.repaired:
        yield f"Repaired (NULs taken out): {report.repaired:,}"
    if report.out_of_order:
        yield f"Out of the order of time: {report.out_of_order:,} (is the time a text in several notations?)"
    yield f"Rejected: {report.rejected:,}{f', see {choices.rejects}' if report.rejected else ''}"
    yield from _counted("  ", report.reasons)


def of_verdict(verdict: Verdict) -> Iterator[str]:
    total = verdict.total
    yield f"Old rows that were moved: {total.old_count:,}, checksum {total.old_hash:016x}"
    yield f"What they became:         {total.new_count:,}, checksum {total.new_hash:016x}"
    yield f"Conversations: {verdict.conversations:,}, with differences: {len(verdict.differing):,}"
    for place, sums in sorted(verdict.differing.items())[:_SHOWN]:
        counts = f"{sums.old_count:,} rows and {sums.new_count:,} imported"
        yield f"  {place}: {counts}, checksums {sums.old_hash:016x} and {sums.new_hash:016x}"
    yield f"Not yet moved: {verdict.waiting:,}"
    yield f"Moved, and gone from the old table: {verdict.vanished:,}"
    yield f"Conversations whose head does not agree with their messages: {len(verdict.wrong_heads):,}"
    yield from (f"  {place}" for place in verdict.wrong_heads[:_SHOWN])
    yield f"Cannot be moved: {verdict.rejected.total():,}"
    yield from _counted("  ", verdict.rejected)
    yield "The two agree." if verdict.agrees else "The two DIFFER."


def of_undo(undone: Undone, *, dry_run: bool) -> Iterator[str]:
    removed = "To be removed" if dry_run else "Removed"
    yield f"{removed}: {undone.messages:,} messages, {undone.notifications:,} notifications"
    if not dry_run:
        made = f"{undone.conversations:,} conversations, {undone.businesses:,} businesses"
        yield f"{removed}, having been made by the import: {made}"
    for key in undone.kept_businesses:
        yield f"Kept, being in use: business {key}"
    if undone.refused:
        yield f"Left as they are, since somebody wrote after the import: {len(undone.refused):,} conversations"
        yield from (f"  {key}" for key in undone.refused)


def _counted(indent: str, counts: Counter[str]) -> Iterator[str]:
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        yield f"{indent}{name}: {count:,}"
