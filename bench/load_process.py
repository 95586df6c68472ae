"""The process of the load generator: it reads commands from its standard input and writes answers to its output."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, Self

from bench.services import THE_REST, BenchFailed, pin
from bench.stack import ROOT, Stack


class LoadProcess:
    """The load generator, on a core of its own."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.load"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        pin(self._process.pid, THE_REST)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def order(self, do: str, **arguments: Any) -> dict[str, Any]:
        self.begin(do, **arguments)
        return self.answer()

    def begin(self, do: str, **arguments: Any) -> None:
        if self._process.stdin is None:
            raise BenchFailed("the load generator has no input")
        self._process.stdin.write(json.dumps({"do": do, **arguments}).encode() + b"\n")
        self._process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else b""
        if not line:
            raise BenchFailed("the load generator stopped; its error is above")
        heard: dict[str, Any] = json.loads(line)
        return heard

    def answer(self) -> dict[str, Any]:
        answered: dict[str, Any] = self.hear()["answer"]
        return answered


def measure(stack: Stack, load: LoadProcess, do: str, **arguments: Any) -> dict[str, Any]:
    """Run `Load.talk` or `Load.take_turns`, and add what the server, the database and Redis did for each message."""
    load.begin(do, **arguments)
    load.hear()
    before = stack.counters()
    load.hear()
    spent = stack.counters() - before
    answer = load.answer()
    return {
        **answer,
        "rate": round(answer["messages"] / answer["seconds"], 1),
        "per_message": spent.per(answer["messages"]),
    }
