"""Why a row cannot be moved."""

from __future__ import annotations


class RowRejected(Exception):
    """The row cannot be moved. `reason` is of a closed list, in `docs/migration.md`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
