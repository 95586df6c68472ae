"""Show the progress of a run on one line of a terminal, or as a line every few seconds in a log."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

_EVERY_TERMINAL: Final = 0.2
_EVERY_LOG: Final = 5.0
_WIDTH: Final = 30


class Progress:
    """Shows progress if `shown` is set. `total` is an estimate that may be exceeded."""

    def __init__(
        self, write: Callable[[str], Any], *, total: int, shown: bool, terminal: bool = False
    ) -> None:
        self._write = write
        self.total = total
        self._shown = shown
        self._terminal = terminal
        self._began = self._last = time.monotonic()
        self.done = 0

    def advance(self, count: int) -> None:
        self.done += count
        now = time.monotonic()
        if self._shown and now - self._last >= (_EVERY_TERMINAL if self._terminal else _EVERY_LOG):
            self._last = now
            self._show(now)

    def end(self) -> None:
        if self._shown:
            self._show(time.monotonic())
            if self._terminal:
                self._write("\n")

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def _show(self, now: float) -> None:
        part = min(1.0, self.done / self.total) if self.total else 1.0
        rate = self.done / max(now - self._began, 0.001)
        text = f"{part:4.0%} {self.done:,} of about {self.total:,} rows, {rate:,.0f} per second"
        if self._terminal:
            bar = "#" * round(part * _WIDTH)
            self._write(f"\r[{bar:<{_WIDTH}}] {text} ")
        else:
            self._write(f"{text}\n")
