"""A real server process of the test site."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from tests.harness.patience import patience
from tests.harness.services import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 40
STOP_SECONDS = 15

Kind = Literal["uvicorn", "daphne"]


class SiteFailed(Exception):
    """The process did not start. The message has the end of its log."""


class Site:
    """A context manager that serves inside its block. `environment` sets limits, see `site_settings.py`."""

    def __init__(self, kind: Kind, folder: Path, **environment: str) -> None:
        self.kind = kind
        self.port = free_port()
        self.log = folder / f"{kind}-{self.port}.log"
        settings = {"DJANGO_SETTINGS_MODULE": "tests.socketio.site_settings", "PYTHONUNBUFFERED": "1"}
        self._environment = {**os.environ, **settings, **environment}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def websocket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/socket.io/?EIO=4&transport=websocket"

    def _command(self) -> list[str]:
        options = {
            "uvicorn": ["--host", "127.0.0.1", "--port", str(self.port), "--timeout-graceful-shutdown", "2"],
            "daphne": ["-b", "127.0.0.1", "-p", str(self.port)],
        }
        return [sys.executable, "-m", self.kind, *options[self.kind], "tests.socketio.site:application"]

    def __enter__(self) -> Self:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(), cwd=ROOT, env=self._environment, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + patience(START_SECONDS)
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._stop()
                raise SiteFailed(self.log.read_text()[-4000:])
            time.sleep(0.1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOP_SECONDS)
