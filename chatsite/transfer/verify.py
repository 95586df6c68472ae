"""Compare a file with its import. Changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from chatsite.legacy_import.errors import ImportStopped
from chatsite.legacy_import.import_lock import acquire_lock
from chatsite.legacy_import.models import LegacyImport, LegacyRow
from chatsite.legacy_import.progress import Progress
from chatsite.legacy_import.rejection import RowRejected
from chatsite.legacy_import.verify import (
    ImportedContent,
    conversation_pages,
    imported_messages,
    wrong_conversations,
)
from chatsite.transfer.importer import batches, known_ids, sort_out
from chatsite.transfer.options import TransferOptions
from chatsite.transfer.people import People
from chatsite.transfer.plan import PlannedMessage, Planner
from chatsite.transfer.records import Found

_PAGE = 500


@dataclass
class Comparison:
    same: int = 0
    differing: list[str] = field(default_factory=list)  # ids of the source
    waiting: int = 0  # messages that can be stored and have not been
    rejected: Counter[str] = field(default_factory=Counter)
    vanished: int = 0  # messages that have been stored and are no longer in the file
    wrong_conversations: list[str] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        return not (self.differing or self.waiting or self.vanished or self.wrong_conversations)


@dataclass(frozen=True, slots=True)
class _Planners:
    """An import refuses new messages of closed accounts. Those that it has stored earlier are compared."""

    stored: Planner
    new: Planner


def verify_file(options: TransferOptions, progress: Progress) -> Comparison:
    """Compare each message of the file with the one that was stored for it. Edits since are no differences."""
    record = LegacyImport.objects.filter(source=options.source_name).first()
    if record is None:
        raise ImportStopped(f"Nothing has been imported as {options.source_name!r}. See --name.")
    comparison = Comparison()
    with acquire_lock(options.source_name) as import_lock:
        planners = _Planners(
            stored=Planner(options, People(options, None, accept_closed=True)),
            new=Planner(options, People(options, None)),
        )
        for batch in batches(options):
            _compare(planners, options, sort_out(batch, Counter(), None), comparison)
            progress.advance(len(batch))
            import_lock.renew()
        compared = comparison.same + len(comparison.differing)
        comparison.vanished = LegacyRow.objects.filter(source=record).count() - compared
        for ids in conversation_pages(record, _PAGE):
            comparison.wrong_conversations += wrong_conversations(ids)
    progress.end()
    return comparison


def _compare(
    planners: _Planners, options: TransferOptions, found: Sequence[Found], comparison: Comparison
) -> None:
    unique = {one.message.id: one for one in found}
    known = known_ids(options.source_name, list(unique.values()))
    rows = LegacyRow.objects.filter(source__source=options.source_name, legacy_id__in=known)
    keys = dict(rows.values_list("legacy_id", "object_id"))
    stored = imported_messages(list(keys.values()))
    planners.stored.load([one for source_id, one in unique.items() if source_id in keys])
    planners.new.load([one for source_id, one in unique.items() if source_id not in keys])
    for source_id, one in unique.items():
        planner = planners.stored if source_id in keys else planners.new
        try:
            plan = planner.plan(one)
        except RowRejected as rejection:
            _count_rejected(comparison, source_id, rejection, is_stored=source_id in keys)
            continue
        if source_id not in keys:
            comparison.waiting += 1
        elif _is_same(plan, stored.get(keys[source_id])):
            comparison.same += 1
        else:
            comparison.differing.append(source_id)


def _count_rejected(
    comparison: Comparison, source_id: str, rejection: RowRejected, *, is_stored: bool
) -> None:
    """Count a message that was stored and can no longer be planned as different, whatever the reason."""
    if is_stored:
        comparison.differing.append(source_id)
    else:
        comparison.rejected[rejection.reason] += 1


def _is_same(plan: PlannedMessage, stored: ImportedContent | None) -> bool:
    if stored is None:
        return False
    first = plan.edits[0].content if plan.edits else plan.columns["content"]
    return (
        stored.created_at == plan.created_at
        and stored.sender_id in {None, plan.columns["sender_id"]}  # None: erased since
        and (stored.is_emptied or stored.content == first)
    )
