"""Processes that have imported much and fork into servers, workers and shells, so that each of these starts at once.

To import the site takes longer than most tests, and a deployment starts it up to five times. Its fork server imports it
once, with the deployment's environment. The fork servers of all deployments are themselves forks of one that has
imported the libraries. A fork server opens no connection and starts no thread, so that a fork is like a new process.
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
import weakref
from collections.abc import Mapping, Sequence
from functools import cache
from threading import Lock
from typing import Any, Final, Literal

from tests.harness.processes import ROOT, Process

MOST_BYTES: Final = 65_536
LINE: Final = 3  # the descriptor of the socket of a site's fork server

# What a server imports without settings.
LIBRARIES: Final = (
    "channels.layers",
    "cryptography.hazmat.primitives.asymmetric.rsa",
    "django.core.handlers.asgi",
    "django.core.mail",
    "django.core.management",
    "django.db.migrations.executor",
    "django.db.models",
    "django.template.backends.django",
    "django.test.client",
    "django.urls",
    "jinja2",
    "jwt",
    "msgspec",
    "prometheus_client",
    "psycopg_pool",
    "redis.asyncio",
    "sqlparse",
    "twisted.protocols.tls",
    "twisted.web.http",
    "uvicorn.main",
    "uvloop",
    "whitenoise.middleware",
    "yaml",
)
# What it imports of the site, apart from what depends on its command line. `daphne` opens an event loop on import.
SITE: Final = (
    "chatsite.application",
    "chatsite.chat_urls",
    "chatsite.http.handler",
    "chatsite.http.upload_pace",
    "chatsite.observability.metrics.endpoint",
    "chatsite.realtime.transports.socketio.server",
)


class ForkServerFailed(Exception):
    """The fork server did not start, or has ended. It wrote the reason to standard error."""


class ForkServer:
    """Has imported the "libraries" or the "site". Linux only.

    Started by `open` or by the first `start`. Ended by `close`, or when this process ends.
    """

    def __init__(self, what: Literal["libraries", "site"], environment: Mapping[str, str]) -> None:
        self._what = what
        self._environment = dict(environment)
        self._lock = Lock()
        self._line: socket.socket | None = None
        self._process: Process | None = None

    def open(self) -> None:
        """Begin to import, without waiting for the end."""
        with self._lock:
            self._line = self._line or self._open()

    def start(
        self, arguments: Sequence[str], output: int, *, stdin: int | None = None, errors: int | None = None
    ) -> Process:
        targets = {1: output, 2: output if errors is None else errors}
        if stdin is not None:
            targets[0] = stdin
        return self.fork(arguments, targets)

    def fork(
        self,
        arguments: Sequence[str],
        descriptors: Mapping[int, int],
        environment: Mapping[str, str] | None = None,
    ) -> Process:
        """Run `python ARGUMENTS`. `descriptors`: the number of each in the new process, and its number here."""
        request = {"start": arguments, "descriptors": list(descriptors), "environment": environment}
        return Fork(self, self.ask(request, list(descriptors.values())))

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
            if self._line and self._process:
                self._line.close()
                self._line = None
                self._process.wait()

    def _open(self) -> socket.socket:
        own, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        arguments = ["-m", "tests.harness.fork_server", self._what]
        with other:
            if self._what == "site":
                descriptors = {LINE: other.fileno()}
                self._process = libraries().fork([*arguments, str(LINE)], descriptors, self._environment)
            else:
                self._process = subprocess.Popen(
                    [sys.executable, *arguments, str(other.fileno())],
                    cwd=ROOT,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    pass_fds=[other.fileno()],
                    start_new_session=True,
                )
        return own


@cache
def libraries() -> ForkServer:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return ForkServer("libraries", {**kept, "PYTHONUNBUFFERED": "1"})


class Fork:
    """A process that a fork server has started."""

    def __init__(self, parent: ForkServer, pid: int) -> None:
        self.pid = pid
        self._parent = parent
        self._ended = os.pidfd_open(pid)
        weakref.finalize(self, os.close, self._ended)
        self._reaping = Lock()  # several threads may wait for the end
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
            with self._reaping:
                if self._code is None:
                    self._code = self._parent.ask({"reap": self.pid})
        return self._code


def serve(line: socket.socket) -> list[str]:
    """Fork for each request. Return in the child only, with its arguments."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(line, MOST_BYTES, 4)
        if not message:
            os._exit(0)
        request = json.loads(message)
        if "reap" in request:
            line.send(b"%d" % os.waitstatus_to_exitcode(os.waitpid(request["reap"], 0)[1]))
            continue
        pid = os.fork()
        if pid == 0:
            line.close()
            return become(request, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        line.send(b"%d" % pid)


def become(request: dict[str, Any], descriptors: list[int]) -> list[str]:
    os.setsid()
    for descriptor, number in zip(descriptors, request["descriptors"], strict=True):
        if descriptor != number:
            os.dup2(descriptor, number)
            os.close(descriptor)
    if request["environment"] is not None:
        os.environ.clear()
        os.environ.update(request["environment"])
    arguments: list[str] = request["start"]
    return arguments


def main(what: str, line: int) -> None:
    gc.disable()
    if what == "site":
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
        import django

        django.setup(set_prefix=False)
    for module in SITE if what == "site" else LIBRARIES:
        importlib.import_module(module)
    gc.freeze()
    gc.enable()
    sys.argv = serve(socket.socket(fileno=line))
    if sys.argv[0] == "-m":
        sys.argv = sys.argv[1:]
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
