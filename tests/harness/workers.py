"""A background worker of a deployment: `manage.py chat_worker` in its own process."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.harness.patience import patience
from tests.harness.processes import Process, Starter

STOP_SECONDS = 30


class WorkerFailed(Exception):
    """The worker's process did not start, or ended by itself. The message has the end of its log."""


class Worker:
    """Started by `start`, ended by `stop` or `kill`."""

    def __init__(self, starter: Starter, log: Path) -> None:
        self.log = log
        self._starter = starter
        self._process: Process | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = self._starter.start(["manage.py", "chat_worker"], log.fileno())

    def stop(self) -> int:
        """Ask the worker to end, and return its exit code."""
        process = self._running()
        process.send_signal(signal.SIGTERM)
        return process.wait(patience(STOP_SECONDS))

    def kill(self) -> None:
        """kill -9 of the worker and its children."""
        process = self._running()
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(patience(STOP_SECONDS))

    @property
    def pid(self) -> int:
        """Return the process id, even if the worker has ended."""
        if self._process is None:
            raise WorkerFailed("the worker was not started")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _running(self) -> Process:
        if self._process is None:
            raise WorkerFailed("the worker was not started")
        return self._process
