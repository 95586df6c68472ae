"""Sockets of socket.io-client in a Node process."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.harness.rest import Json

BRIDGE = Path(__file__).with_name("bridge.mjs")
LONGEST_LINE = 64 * 1024 * 1024


class NodeBridge:
    """A context manager: one Node process with any number of sockets. `bridge.mjs` has the commands."""

    def __init__(self, node_modules: Path) -> None:
        self._node_modules = node_modules
        self._names = itertools.count(1)
        self._takers: dict[str, Callable[[Json], None]] = {}

    def new_socket(self, taker: Callable[[Json], None]) -> str:
        """Return a name for a new socket. `taker` gets every line about it."""
        name = f"s{next(self._names)}"
        self._takers[name] = taker
        return name

    def do(self, op: str, socket: str, **more: Any) -> None:
        assert self._process.stdin is not None
        if self._process.stdin.is_closing():
            return  # Node has gone, and its sockets with it
        self._process.stdin.write(json.dumps({"op": op, "socket": socket, **more}).encode() + b"\n")

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            "node",
            str(BRIDGE),
            str(self._node_modules),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE,
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 10)
        except TimeoutError:
            self._process.kill()
        await self._reader

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            told = json.loads(line)
            self._takers[told["socket"]](told)
