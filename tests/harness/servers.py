"""Real server processes of this project, each with its own port and log."""

from __future__ import annotations

import signal
import subprocess
import time
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Literal

from tests.harness.patience import patience
from tests.harness.processes import Process, Starter
from tests.harness.services import free_port

START_SECONDS = 40
STOP_SECONDS = 15
GRACEFUL_SECONDS = 5  # uvicorn's limit; daphne waits only for its own work

ServerKind = Literal["daphne", "uvicorn"]


class ServerFailed(Exception):
    """A server process did not start, or ended by itself. The message has the end of its log."""


class Server:
    application = "chatsite.asgi:application"

    def __init__(self, kind: ServerKind, starter: Starter, log: Path) -> None:
        self.kind = kind
        self.log = log
        self.port = free_port()
        self._starter = starter
        self._process: Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def live_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/chat"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerFailed(f"{self.kind} on port {self.port} is not running")
        return self._process.pid

    @property
    def pid_or_none(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def command(self) -> list[str]:
        """Return the arguments of Python."""
        if self.kind == "daphne":
            options = ["-e", f"tcp:port={self.port}:interface=127.0.0.1:backlog=2048"]
        else:
            options = ["--host", "127.0.0.1", "--port", str(self.port), "--loop", "uvloop"]
            options += ["--no-proxy-headers"]
            options += ["--ws-max-size", "65536", "--timeout-graceful-shutdown", str(GRACEFUL_SECONDS)]
        return ["-m", self.kind, *options, self.application]

    def launch(self) -> None:
        """Start the process without waiting, so that several can start in parallel."""
        with self.log.open("ab") as log:
            self._process = self._starter.start(self.command(), log.fileno())

    def wait_until_up(self) -> None:
        deadline = time.monotonic() + patience(START_SECONDS)
        while not self._answers():
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                self.kill9()
                raise ServerFailed(f"{self.kind} did not come up on port {self.port}:\n{self.log_tail()}")
            time.sleep(0.05)

    def start(self) -> None:
        self.launch()
        self.wait_until_up()

    def terminate(self) -> None:
        """Stop the process with SIGTERM, as a rolling deployment does, or with SIGKILL if it takes too long."""
        self.ask_to_end()
        self.wait_until_gone()

    def ask_to_end(self) -> None:
        """Send SIGTERM without waiting, so that several processes can end in parallel."""
        if self._process:
            self._process.send_signal(signal.SIGTERM)

    def wait_until_gone(self) -> None:
        if self._process:
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill9()
            self._process = None

    def kill9(self) -> None:
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(STOP_SECONDS)
            self._process = None

    def exit_code(self) -> int | None:
        """Return the exit code of a process that ended by itself. None if it runs, or if this object ended it."""
        return self._process.poll() if self._process else None

    def log_tail(self, lines: int = 60) -> str:
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _answers(self) -> bool:
        try:
            with closing(HTTPConnection("127.0.0.1", self.port, timeout=patience(5))) as connection:
                connection.request("GET", "/healthz")
                return connection.getresponse().status < 500
        except (OSError, HTTPException):
            return False
