"""The error of a row that cannot be moved."""

from __future__ import annotations


class RowRejected(Exception):
    """The row cannot be moved. `docs/migration.md` lists the values of `reason`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
