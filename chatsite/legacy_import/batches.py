"""Work through the batches of an import."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from chatsite.legacy_import.import_lock import ImportLock
from chatsite.legacy_import.progress import Progress

Item = TypeVar("Item")


def import_batches(
    batches: Iterable[Sequence[Item]],
    import_batch: Callable[[Sequence[Item]], None],
    progress: Progress,
    import_lock: ImportLock | None,
) -> None:
    """Import each batch, then show the progress and renew the lock. A dry run has no lock."""
    for batch in batches:
        import_batch(batch)
        progress.advance(len(batch))
        if import_lock:
            import_lock.renew()
