"""A private nginx with the configuration of `deploy/`, in front of a deployment's processes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from tests.harness.patience import patience
from tests.harness.services import ServiceFailed, ServiceMissing, free_port

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx.conf"
MAIN = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 16384; }}
http {{
    log_format upstreams '$request_uri $upstream_addr';
    access_log {folder}/access.log upstreams;
    {temporary}
    include {folder}/chat.conf;
}}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Nginx:
    """A context manager that serves inside its block."""

    def __init__(
        self,
        folder: Path,
        ports: list[int],
        change: Callable[[str], str] = lambda configuration: configuration,
    ) -> None:
        """`change` edits the configuration, for tests of common mistakes."""
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if program is None:
            raise ServiceMissing("nginx is not installed")
        self._program = program
        self._folder = folder
        self.port = free_port()
        chat = CONFIGURATION.read_text().replace("listen 8000;", f"listen 127.0.0.1:{self.port};")
        servers = "\n".join(f"    server 127.0.0.1:{port};" for port in ports)
        chat = re.sub(r"(    server 127\.0\.0\.1:\d+;\n)+", servers + "\n", chat)
        (folder / "chat.conf").write_text(change(chat))
        temporary = "\n    ".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
        user = "user root;" if os.geteuid() == 0 else ""  # other accounts cannot read the test's folders
        (folder / "nginx.conf").write_text(MAIN.format(user=user, folder=folder, temporary=temporary))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def upstreams(self, start: str) -> set[str]:
        """Return the processes that answered requests to addresses with this prefix.

        nginx logs a socket when it ends.
        """
        lines = [line.split() for line in (self._folder / "access.log").read_text().splitlines()]
        return {line[1] for line in lines if line[0].startswith(start)}

    def processes(self) -> list[psutil.Process]:
        """Return the master and its workers."""
        master = psutil.Process(self._process.pid)
        return [master, *master.children()]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [self._program, "-p", str(self._folder), "-c", str(self._folder / "nginx.conf")]
        )
        deadline = time.monotonic() + patience(10)
        while not (self._folder / "nginx.pid").exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise ServiceFailed((self._folder / "error.log").read_text())
            time.sleep(0.05)
        return self

    def __exit__(self, *details: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._process.terminate()
        self._process.wait(patience(10))
