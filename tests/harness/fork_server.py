"""A process that has imported the site and forks into its servers, workers and shells, so that each starts at once.

To import the site takes longer than most tests, and a deployment starts it up to five times. The fork server imports
it once, with the deployment's environment. It opens no connection and starts no thread, so that a fork is like a new
process.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Final

from tests.harness.processes import ROOT, Process

MOST_BYTES: Final = 65_536

# What a server imports, apart from what depends on its command line. `daphne` opens an event loop on import.
MODULES: Final = (
    "chatsite.application",
    "chatsite.chat_urls",
    "chatsite.http.handler",
    "chatsite.http.upload_pace",
    "chatsite.observability.metrics.endpoint",
    "chatsite.realtime.transports.socketio.server",
    "twisted.protocols.tls",
    "twisted.web.http",
    "uvicorn.main",
    "uvloop",
)


class ForkServerFailed(Exception):
    """The fork server did not start, or has ended. The message has its output."""


class ForkServer:
    """Started by `open` or by the first `start`, ended by `close`. Linux only."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._lock = Lock()
        self._line: socket.socket | None = None

    def start(
        self, arguments: Sequence[str], output: int, *, stdin: int | None = None, errors: int | None = None
    ) -> Process:
        descriptors = [output, output if errors is None else errors, *([] if stdin is None else [stdin])]
        return Fork(self, self.ask({"start": list(arguments)}, descriptors))

    def open(self) -> None:
        """Begin to import the site, without waiting for the end."""
        with self._lock:
            self._line = self._line or self._open()

    def ask(self, request: Mapping[str, object], descriptors: Sequence[int] = ()) -> int:
        with self._lock:
            line = self._line = self._line or self._open()
            socket.send_fds(line, [json.dumps(request).encode()], descriptors)
            answer = line.recv(MOST_BYTES)
        if not answer:
            raise ForkServerFailed("the fork server has ended")
        return int(answer)

    def close(self) -> None:
        """End the fork server. The processes that it started run on."""
        with self._lock:
            if self._line:
                self._line.close()
                self._line = None
                self._process.wait()

    def _open(self) -> socket.socket:
        own, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.harness.fork_server", str(other.fileno())],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                pass_fds=[other.fileno()],
                start_new_session=True,
            )
        return own


class Fork:
    """A process that a fork server has started."""

    def __init__(self, parent: ForkServer, pid: int) -> None:
        self.pid = pid
        self._parent = parent
        self._ended = os.pidfd_open(pid)
        self._code: int | None = None

    def poll(self) -> int | None:
        return self._code_within(0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._code_within(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return code

    def send_signal(self, sig: int, /) -> None:
        if self.poll() is None:
            signal.pidfd_send_signal(self._ended, sig)

    def _code_within(self, seconds: float | None) -> int | None:
        if self._code is None and select.select([self._ended], [], [], seconds)[0]:
            self._code = self._parent.ask({"reap": self.pid})
            os.close(self._ended)
        return self._code


def serve(line: socket.socket) -> list[str]:
    """Fork for each request. Return in the child only, with its arguments."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(line, MOST_BYTES, 3)
        if not message:
            os._exit(0)
        request = json.loads(message)
        if "reap" in request:
            line.send(b"%d" % os.waitstatus_to_exitcode(os.waitpid(request["reap"], 0)[1]))
            continue
        pid = os.fork()
        if pid == 0:
            line.close()
            os.setsid()
            for descriptor, number in zip(descriptors, (1, 2, 0), strict=False):
                os.dup2(descriptor, number)
                os.close(descriptor)
            arguments: list[str] = request["start"]
            return arguments
        for descriptor in descriptors:
            os.close(descriptor)
        line.send(b"%d" % pid)


def main(descriptor: int) -> None:
    gc.disable()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    import django

    django.setup(set_prefix=False)
    for module in MODULES:
        importlib.import_module(module)
    gc.freeze()
    gc.enable()
    arguments = serve(socket.socket(fileno=descriptor))
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main(int(sys.argv[1]))
