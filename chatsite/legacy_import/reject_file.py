"""The file of rejected rows: one JSON object per line, with the reason and the row."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

from chatsite.legacy_import.errors import ImportStopped
from chatsite.legacy_import.parsing import to_text
from chatsite.legacy_import.rejection import RowRejected
from chatsite.legacy_import.source_table import Row

_SHOWN: Final = 2000  # characters of one value


class RejectFile:
    """Writes the rejected rows of one run and replaces the file of the last run. Without rejects there is no file.

    Only the owner can read the file, because it holds private messages.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.reasons: Counter[str] = Counter()
        self._file: IO[str] | None = None

    def add(self, row: Row, rejection: RowRejected) -> None:
        self.reasons[rejection.reason] += 1
        shown = {name: _shown(value) for name, value in row.items()}
        line = {"id": shown.get("id"), "reason": rejection.reason, "detail": rejection.detail, "row": shown}
        if self._file is None:
            self._file = self._open()
        self._file.write(json.dumps(line) + "\n")

    def _open(self) -> IO[str]:
        try:
            self.path.touch(mode=0o600)
            return self.path.open("w", encoding="utf-8")
        except OSError as error:
            raise ImportStopped(f"--rejects {self.path}: {error}") from error

    def __enter__(self) -> Self:
        # Rows that an earlier run rejected may have been moved or repaired since.
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise ImportStopped(f"--rejects {self.path}: {error}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()


def _shown(value: Any) -> Any:
    if isinstance(value, int | float | None):
        return value
    text = to_text(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
