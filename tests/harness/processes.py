"""The ways to start a process of the site: as a new one, or as a fork of one that has imported the site."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

ROOT: Final = Path(__file__).resolve().parents[2]


class Process(Protocol):
    """What the harness uses of `subprocess.Popen`."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int, /) -> None: ...


class Starter(Protocol):
    def start(
        self, arguments: Sequence[str], output: int, *, stdin: int | None = None, errors: int | None = None
    ) -> Process:
        """Run `python ARGUMENTS` with these file descriptors, in a session of its own.

        By default it has no input, and its errors go to the output.
        """
        ...


class NewProcesses:
    def __init__(
        self, environment: Mapping[str, str], *, python: str = sys.executable, folder: Path = ROOT
    ) -> None:
        self._environment = dict(environment)
        self._python = python
        self._folder = folder

    def start(
        self, arguments: Sequence[str], output: int, *, stdin: int | None = None, errors: int | None = None
    ) -> Process:
        return subprocess.Popen(
            [self._python, *arguments],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=output,
            stderr=output if errors is None else errors,
            start_new_session=True,
        )
