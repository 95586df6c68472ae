"""Private PostgreSQL and Redis servers with their own data directories and free ports, removed afterwards."""

from __future__ import annotations

import fcntl
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

import psutil
import psycopg
import redis
from psycopg import sql
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.harness.patience import patience

START_SECONDS = 30
STOP_SECONDS = 15

PORTS = range(20_000, 32_000)  # below the ports that Linux, macOS and Windows use for outgoing connections
_held_ports: list[TextIO] = []  # open for the life of this process, because the locks depend on it


class ServiceMissing(Exception):
    """The service's program is not installed on this machine."""


class ServiceFailed(Exception):
    """The service is installed, but did not start."""


def free_port() -> int:
    """Return a port that nobody else gets while this process lives, even while its server is down.

    A lock keeps other test processes away, and client connections use higher ports.
    """
    folder = Path(tempfile.gettempdir()) / f"chat-ports-{os.geteuid()}"
    folder.mkdir(exist_ok=True)
    for port in random.sample(PORTS, len(PORTS)):
        lock = (folder / str(port)).open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        if _can_listen(port):
            _held_ports.append(lock)
            return port
        lock.close()
    raise ServiceFailed(f"no port of {PORTS} is free")


def _can_listen(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def find_program(name: str, *folders: str) -> str:
    """Return the program on PATH, or else the one in the newest matching folder (globs below /)."""
    if found := shutil.which(name):
        return found
    found_in = [path for folder in folders for path in Path("/").glob(f"{folder}/{name}")]
    if not found_in:
        raise ServiceMissing(
            f"{name} is not installed (looked on PATH and in {', '.join(folders) or 'nowhere else'})"
        )
    return str(max(found_in, key=lambda path: [int(part) for part in path.parts if part.isdigit()]))


def service_account() -> pwd.struct_passwd | None:
    """Return the account that PostgreSQL runs as if the user is root, which it refuses."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServiceMissing("PostgreSQL does not run as root, and there is no account `postgres` or `nobody`")


class Service(ABC):
    """One server process. A context manager that runs it in its block and removes everything afterwards."""

    stop_signal = signal.SIGTERM

    def __init__(self) -> None:
        self.account = service_account()
        self.port = free_port()
        self.home = Path(tempfile.mkdtemp(prefix="chat-service-"))
        self.log = self.home / "log"
        self._process: subprocess.Popen[bytes] | None = None
        if self.account:
            os.chown(self.home, self.account.pw_uid, self.account.pw_gid)

    @property
    @abstractmethod
    def url(self) -> str: ...

    @abstractmethod
    def command(self) -> list[str]: ...

    @abstractmethod
    def answers(self) -> bool: ...

    def start(self) -> None:
        self._process = self._spawn(self.command())
        deadline = time.monotonic() + patience(START_SECONDS)
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise ServiceFailed(f"{self.command()[0]} did not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Shut down in an orderly way, as an operator does."""
        if self._process:
            self._process.send_signal(self.stop_signal)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def processes(self) -> list[psutil.Process]:
        """Return the running processes: the server and its children."""
        if self._process is None or self._process.poll() is not None:
            return []
        server = psutil.Process(self._process.pid)
        return [server, *server.children(recursive=True)]

    def kill(self) -> None:
        """Send SIGKILL to the server and its children. Nothing is flushed."""
        if self._process:
            victims = self.processes()
            for victim in victims:
                try:
                    victim.kill()
                except psutil.NoSuchProcess:
                    continue
            psutil.wait_procs(victims[1:], STOP_SECONDS)
            self._process.wait(STOP_SECONDS)
            self._process = None

    def restart(self) -> None:
        """Stop and start on the same port with the same data. After `kill`, start again."""
        self.stop()
        self.start()

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the tests; they stop their services themselves
                user=self.account.pw_uid if self.account else None,
                group=self.account.pw_gid if self.account else None,
                extra_groups=[] if self.account else None,
            )


class PostgreSQL(Service):
    """Commits wait for the write-ahead log as in production.

    Only the disk's flush is off, which matters only if the machine fails.
    """

    stop_signal = signal.SIGINT  # ends the clients' sessions; SIGTERM would wait for all of them to leave
    FOLDERS = (
        "usr/lib/postgresql/*/bin",
        "usr/local/opt/postgresql*/bin",
        "opt/homebrew/opt/postgresql*/bin",
    )

    def __init__(self) -> None:
        self._postgres = find_program("postgres", *self.FOLDERS)
        self._initdb = find_program("initdb", *self.FOLDERS)
        super().__init__()
        self.data = self.home / "data"

    @property
    def url(self) -> str:
        return self.database_url("postgres")

    def database_url(self, name: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def create_database(self, name: str, *, template: str = "template1") -> str:
        """Create a database, empty or a copy of `template`, and return its URL. An existing one is dropped first."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        return self.database_url(name)

    def has_database(self, name: str) -> bool:
        with psycopg.connect(self.url) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        return found is not None

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "300",
            "fsync": "off",
            "synchronous_commit": "on",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [self._postgres, "-D", str(self.data), "-p", str(self.port), *options]

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def start(self) -> None:
        if not self.data.exists():
            initdb = [self._initdb, "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
            if self._spawn([*initdb, "--locale=C.UTF-8", "--no-sync"]).wait(patience(START_SECONDS)) != 0:
                raise ServiceFailed(f"initdb failed:\n{self.log.read_text()[-4000:]}")
        super().start()


def are_services_installed() -> bool:
    """Return whether PostgreSQL and Redis can be started here."""
    try:
        find_program("postgres", *PostgreSQL.FOLDERS)
        find_program("redis-server")
    except ServiceMissing:
        return False
    return True


class Redis(Service):
    """It keeps nothing on disk, so a restart forgets everything. The product must survive this."""

    def __init__(self) -> None:
        self._server = find_program("redis-server")
        super().__init__()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        where = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.home)]
        return [self._server, *where, "--save", "", "--appendonly", "no"]

    def answers(self) -> bool:
        try:
            once = Retry(NoBackoff(), 0)  # the caller asks again
            with redis.Redis(port=self.port, socket_timeout=2, retry=once) as connection:
                return bool(connection.ping())
        except redis.RedisError:
            return False
