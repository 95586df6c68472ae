"""Node, its packages, and a client of the chat that runs in it."""

from __future__ import annotations

import asyncio
import fcntl
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self

import pytest

from tests.harness.patience import patience
from tests.harness.rest import Json

HERE = Path(__file__).parent
OLDEST_NODE = 20


def node_environment() -> dict[str, str]:
    """Return the environment for Node and npm, without the caller's variables that would change what they do."""
    kept = (
        "PATH",
        "HOME",
        "LANG",
        "TMPDIR",
        "npm_config_cache",
        "npm_config_registry",
        "NODE_EXTRA_CA_CERTS",
    )
    return {name: os.environ[name] for name in kept if name in os.environ}


def find_node() -> str:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("NOT TESTED: the JavaScript client needs node and npm (Debian: nodejs, npm)")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").split(".")[0]) < OLDEST_NODE:
        pytest.skip(f"NOT TESTED: the JavaScript client needs Node {OLDEST_NODE}, and this is {version}")
    return node


def install_packages(folder: Path = HERE) -> None:
    """Install exactly what the folder's lock file names, unless it is installed already."""
    lock, installed = folder / "package-lock.json", folder / "node_modules" / ".package-lock.json"
    with lock.open("rb") as held:  # one test process installs, the others wait for it
        fcntl.flock(held, fcntl.LOCK_EX)
        if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
            _install(folder)


def _install(folder: Path) -> None:
    install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(
        install, cwd=folder, env=node_environment(), capture_output=True, text=True, timeout=patience(300)
    )
    assert done.returncode == 0, f"npm ci failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"


def run_node(*arguments: str, timeout: float = 180) -> str:
    """Run a Node program of this folder to its end. If it fails, the failure contains its output."""
    command = [find_node(), *arguments]
    done = subprocess.run(
        command, cwd=HERE, env=node_environment(), capture_output=True, text=True, timeout=patience(timeout)
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, f"{' '.join(arguments)} failed:\n{output[-12000:]}"
    return output


class NodeClient:
    """`live/driver.js` in its own process. `told` has every event that the client emitted, in order."""

    def __init__(self, process: asyncio.subprocess.Process, errors: Path) -> None:
        self.told: list[tuple[str, Any]] = []
        self._process = process
        self._errors = errors
        self._calls: dict[int, asyncio.Future[Any]] = {}
        self._ids = itertools.count(1)
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, urls: list[str], token: str, storage: Path, **timing: int) -> Self:
        """Start a client that connects through `urls`.

        `storage` is a file that is kept after the client has ended.
        """
        handle, name = tempfile.mkstemp(prefix="node-client-", suffix=".log", dir=storage.parent)
        process = await asyncio.create_subprocess_exec(
            find_node(),
            str(HERE / "live" / "driver.js"),
            cwd=HERE,
            env=node_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=handle,
            limit=64 * 1024 * 1024,
        )
        os.close(handle)
        client = cls(process, Path(name))
        await client.call("start", {"url": urls, "token": token, "storage": str(storage), **timing})
        return client

    async def call(self, name: str, *given: Any, timeout: float = 30) -> Any:
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        number = next(self._ids)
        self._calls[number] = answer
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"id": number, "call": name, "given": given}).encode() + b"\n")
        await self._process.stdin.drain()
        return await asyncio.wait_for(answer, patience(timeout))

    async def until(self, condition: Callable[[], Awaitable[bool]], what: str, timeout: float = 15) -> None:
        deadline = time.monotonic() + patience(timeout)
        while not await condition():
            assert time.monotonic() < deadline, f"not in time: {what}\n{self.errors()}"
            await asyncio.sleep(0.05)

    async def contents(self) -> list[str]:
        return [message["content"] for message in (await self.call("seen"))["messages"]]

    async def messages(self) -> list[Json]:
        found: list[Json] = (await self.call("seen"))["messages"]
        return found

    def told_of(self, event: str) -> list[Any]:
        return [data for name, data in self.told if name == event]

    def errors(self) -> str:
        return self._errors.read_text(errors="replace")[-4000:]

    async def kill(self) -> None:
        """Kill the process, as a browser crashes: the client closes nothing."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reader

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said = json.loads(line)
            if "event" in said:
                self.told.append((said["event"], said["data"]))
            elif "error" in said:
                self._calls.pop(said["id"]).set_exception(AssertionError(said["error"]))
            else:
                self._calls.pop(said["id"]).set_result(said["result"])
        for answer in self._calls.values():
            answer.set_exception(AssertionError(f"the client's process has ended\n{self.errors()}"))
