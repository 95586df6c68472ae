"""The measured servers: one process or more of this project or of the peer, on PostgreSQL and Redis or embedded."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self

import httpx
import jwt
import psutil
import psycopg
import redis as redis_client

from bench.services import CORES, SERVING, BenchFailed, Services, pin
from tests.harness.services import free_port

ROOT: Final = Path(__file__).resolve().parents[1]
PEER: Final = ROOT / "bench" / "peer"
SECRET: Final = "a-secret-of-the-benchmark-and-of-nothing-else"
START_SECONDS: Final = 60

# Without the statements by which PostgreSQL itself checks foreign keys.
STATEMENTS: Final = r"""
    SELECT coalesce(sum(calls), 0) FROM pg_stat_statements
    WHERE query !~ '^SELECT \S+ FROM ONLY ' AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

Kind = Literal["uvicorn", "daphne", "peer"]


@dataclass
class Counters:
    """The resources used in a period. `per` divides them by a number of messages."""

    processor: float = 0.0  # seconds of the server processes
    postgres: float = 0.0  # of PostgreSQL
    redis: float = 0.0
    statements: int = 0
    redis_reads: int = 0
    redis_commands: int = 0
    hops: int = 0

    def __sub__(self, before: Counters) -> Counters:
        return Counters(*(getattr(self, name) - getattr(before, name) for name in self.__dataclass_fields__))

    def per(self, count: int) -> dict[str, float]:
        divided = {name: getattr(self, name) / max(count, 1) for name in self.__dataclass_fields__}
        return {name: round(value, 6) for name, value in divided.items()}


class Stack:
    """Server processes of one kind. As a context manager, it migrates, serves, and stops them at the end."""

    def __init__(
        self,
        kind: Kind,
        services: Services | None,
        folder: Path,
        *,
        processes: int = 1,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.kind = kind
        self.folder = folder
        self.services = services
        self.ports = [free_port() for _ in range(processes)]
        self.log = folder / f"{kind}.log"
        self._processes: list[subprocess.Popen[bytes]] = []
        self.environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "DJANGO_SETTINGS_MODULE": "bench.settings",
            "SECRET_KEY": SECRET,
            "JWT_SECRET": SECRET,
            "ALLOWED_HOSTS": "127.0.0.1",
            "ACCESS_TOKEN_MINUTES": "240",
            "MEDIA_ROOT": str(folder / "media"),
            "PYTHONUNBUFFERED": "1",
            "NODE_ENV": "production",
            **({"REDIS_URL": services.redis.url} if services else {}),
            **(environment or {}),
        }
        self.database = self._make_database()
        self.environment["DATABASE_URL"] = self.database

    def __enter__(self) -> Self:
        try:
            for port in self.ports:
                self._launch(port)
            for port in self.ports:
                self._wait(port)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    # People

    def people(self, *, pairs: int = 0, room: int = 0, idle: int = 0) -> dict[str, Any]:
        """Create people. Return `{"pairs": [{conversation, tokens}], "room": {…}, "idle": [token]}`."""
        if self.kind == "peer":
            return self._peer_people(pairs, room, idle)
        order = json.dumps({"pairs": pairs, "room": room, "idle": idle})
        people: dict[str, Any] = json.loads(self._run(sys.executable, "-m", "bench.people", order))
        return people

    def _peer_people(self, pairs: int, room: int, idle: int) -> dict[str, Any]:
        self._run("node", "server.js", "--init", str(pairs + 1), cwd=PEER)
        tokens = [_peer_token(user) for user in range(1, 2 * pairs + 3)]
        return {
            "pairs": [{"conversation": n + 1, "tokens": tokens[2 * n : 2 * n + 2]} for n in range(pairs)],
            "room": {"conversation": pairs + 1, "tokens": (tokens[-2:] * room)[:room]},
            "idle": [_peer_token(100_000 + number) for number in range(idle)],
        }

    # Counting

    def counters(self) -> Counters:
        made = Counters(processor=sum(_processor_seconds(p.pid) for p in self._processes))
        if self.services is not None:
            with psycopg.connect(self.database, autocommit=True) as connection:
                row = connection.execute(STATEMENTS).fetchone()
                made.statements = int(row[0]) if row else 0
            with redis_client.Redis.from_url(self.services.redis.url) as connection:
                stats: dict[str, Any] = connection.info("stats")
            made.redis_reads, made.redis_commands = (
                stats["total_reads_processed"],
                stats["total_commands_processed"],
            )
            made.postgres, made.redis = self.services.processor_seconds()
        if self.kind != "peer":
            for port in self.ports:
                made.hops += httpx.get(f"http://127.0.0.1:{port}/bench/counters", trust_env=False).json()[
                    "hops"
                ]
        return made

    def memory(self) -> int:
        """Return the resident bytes of the server processes."""
        return sum(psutil.Process(process.pid).memory_info().rss for process in self._processes)

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self._processes]

    # Processes

    def _make_database(self) -> str:
        if self.kind == "peer":
            return self.services.database() if self.services else ""
        if self.services:
            return self.services.site_database(self._migrate)
        url = f"sqlite:///{self.folder / 'chat.sqlite3'}"
        self._migrate(url)
        return url

    def _migrate(self, url: str) -> None:
        self.environment["DATABASE_URL"] = url
        self._run(sys.executable, "manage.py", "migrate", "--verbosity", "0")

    def _command(self, port: int) -> list[str]:
        if self.kind == "peer":
            return ["node", "server.js"]
        if self.kind == "daphne":
            return [
                sys.executable,
                "-m",
                "daphne",
                "-e",
                f"tcp:port={port}:interface=127.0.0.1:backlog=2048",
                "bench.server:application",
            ]
        options = ["--host", "127.0.0.1", "--port", str(port), "--loop", "uvloop"]
        options += ["--no-access-log", "--no-proxy-headers"]
        websocket = ["--ws", "websockets-sansio", "--ws-per-message-deflate", "false"]
        return [sys.executable, "-m", "uvicorn", *options, *websocket, "bench.server:application"]

    def _launch(self, port: int) -> None:
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                self._command(port),
                cwd=PEER if self.kind == "peer" else ROOT,
                env={**self.environment, "PORT": str(port)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._processes.append(process)
        pin(process.pid, CORES if len(self.ports) > 1 else SERVING)

    def _wait(self, port: int) -> None:
        path = "/socket.io/?EIO=4&transport=polling" if self.kind == "peer" else "/healthz"
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                if httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False, timeout=5).status_code < 500:
                    return
            except httpx.TransportError:
                pass
            if time.monotonic() > deadline or any(p.poll() is not None for p in self._processes):
                raise BenchFailed(f"{self.kind} did not come up:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.1)

    def _stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(20)
        self._processes = []

    def _run(self, *command: str, cwd: Path = ROOT) -> str:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BenchFailed(f"{' '.join(command)[:200]}: {done.stderr[-4000:]}")
        return done.stdout


def _peer_token(user_id: int) -> str:
    return jwt.encode({"user_id": user_id, "exp": int(time.time()) + 36_000}, SECRET, algorithm="HS256")


def _processor_seconds(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


@contextmanager
def peer_installed() -> Iterator[None]:
    """Install the peer's packages from its lock file."""
    if shutil.which("node") is None:
        raise BenchFailed("Node 20 or newer is needed for the peer")
    if not (PEER / "node_modules").exists():
        subprocess.run(["npm", "ci", "--silent"], cwd=PEER, check=True)
    yield
