"""A whole deployment: the database, Redis if it has one, the server processes, and their environment."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import Literal, Self

from tests.harness.databases import Database, PostgreSQLDatabase, SQLiteDatabase
from tests.harness.fork_server import ForkServer
from tests.harness.patience import patience
from tests.harness.processes import NewProcesses, Starter
from tests.harness.servers import Server, ServerFailed, ServerKind
from tests.harness.services import PostgreSQL, Redis
from tests.harness.shell import Shell
from tests.harness.workers import Worker

Flavour = Literal["embedded", "services"]
FLEET: tuple[ServerKind, ...] = ("daphne", "uvicorn", "uvicorn")  # both supported servers, side by side


class ManageFailed(Exception):
    """A manage.py command ended with an exit code other than 0."""


def base_environment() -> dict[str, str]:
    """Return the environment for the processes of a deployment.

    From the caller's it has only what programs need to run.
    """
    kept = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "LANG", "TMPDIR", "PLAIN_ASGI")
        if name in os.environ
    }
    return {
        **kept,
        "DEBUG": "1",
        "SECRET_KEY": secrets.token_hex(32),
        "JWT_SECRET": secrets.token_hex(32),
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "ACCESS_TOKEN_MINUTES": "240",  # one login lasts for the whole run
        # Give each client its own address, so that the logins of the suite do not reach the limit of one address.
        "TRUSTED_PROXIES": "1",
        "PYTHONUNBUFFERED": "1",
        "CHAT_ASSISTANTS": "conversations.assistants.echo.echo",
    }


class Deployment:
    """Created by `embedded` or `services`. A context manager that migrates and serves inside its block."""

    def __init__(
        self,
        flavour: Flavour,
        folder: Path,
        environment: dict[str, str],
        kinds: Sequence[ServerKind],
        redis: Redis | None = None,
        database: Database | None = None,
    ) -> None:
        self.flavour = flavour
        self.folder = folder
        own = {"MEDIA_ROOT": str(folder / "media"), **({"DATABASE_URL": database.url} if database else {})}
        self.environment = {**own, **environment}
        self.redis = redis
        self._database = database
        self._fork_server = ForkServer("site", self.environment) if sys.platform == "linux" else None
        self.starter: Starter = self._fork_server or NewProcesses(self.environment)
        self.operator = Shell(self.starter)
        self.servers: list[Server] = []
        self._worker: Worker | None = None
        for kind in kinds:
            self.add_server(kind)

    @classmethod
    def embedded(cls, folder: Path, *, kind: ServerKind = "daphne", **environment: str) -> Self:
        """Return one process on SQLite, without services."""
        database = SQLiteDatabase(folder / "chat.sqlite3")
        return cls("embedded", folder, {**base_environment(), **environment}, [kind], database=database)

    @classmethod
    def services(
        cls, folder: Path, postgres: PostgreSQL, *, kinds: Sequence[ServerKind] = FLEET, **environment: str
    ) -> Self:
        """Return several processes on a new database of this PostgreSQL, and a separate Redis."""
        redis = Redis()
        database = PostgreSQLDatabase(postgres, f"chat_{secrets.token_hex(4)}")
        settings = {**base_environment(), "REDIS_URL": redis.url, **environment}
        return cls("services", folder, settings, kinds, redis, database)

    def add_server(self, kind: ServerKind) -> Server:
        """Add a process. It is not started yet."""
        log = self.folder / f"{kind}-{len(self.servers)}.log"
        self.servers.append(Server(kind, self.starter, log))
        return self.servers[-1]

    def server(self, number: int) -> Server:
        """Return a server by number, modulo the count, so that tests can spread their clients."""
        return self.servers[number % len(self.servers)]

    def start_worker(self) -> None:
        """Run background jobs from now on. Without Redis the server process runs them anyway."""
        if self.flavour == "services" and self._worker is None:
            self._worker = self.new_worker()
            self._worker.start()

    def stop_worker(self) -> None:
        """Stop the worker, for a test that starts its own."""
        if self._worker is not None and self._worker.is_running:
            self._worker.stop()
        self._worker = None

    def new_worker(self) -> Worker:
        """Return a new worker that is not started yet."""
        return Worker(self.starter, self.folder / f"worker-{secrets.token_hex(3)}.log")

    def manage(self, *arguments: str, stdin: str | None = None) -> str:
        """Run a manage.py command in the deployment's environment, and return its standard output."""
        with TemporaryFile("w+") as given, TemporaryFile("w+") as printed, TemporaryFile("w+") as errors:
            given.write(stdin or "")
            given.seek(0)
            process = self.starter.start(
                ["manage.py", *arguments], printed.fileno(), stdin=given.fileno(), errors=errors.fileno()
            )
            code = process.wait(patience(120))
            printed.seek(0)
            errors.seek(0)
            output, complaints = printed.read(), errors.read()
        if code != 0:
            raise ManageFailed(f"manage.py {' '.join(arguments)}: {output[-2000:]}\n{complaints[-4000:]}")
        return output

    def shell(self, code: str) -> str:
        """Run a program as `manage.py shell -c` would, and return its output.

        It runs in a process that is already up, which is faster, and is none of the servers.
        """
        return self.operator.run(code)

    def command(self, *arguments: str) -> str:
        """Like `manage`, but in the process of `shell`."""
        return self.operator.command(*arguments)

    def start(self) -> None:
        if self._fork_server:
            self._fork_server.open()
        if self.redis:
            self.redis.start()
        self._migrate()
        for server in self.servers:
            server.launch()
        for server in self.servers:
            server.wait_until_up()

    def _migrate(self) -> None:
        if self._database:
            self._database.fill()
        else:
            self.command("migrate", "--verbosity", "0")

    def stop(self) -> None:
        self.stop_worker()
        for server in self.servers:
            server.ask_to_end()
        self.operator.close()
        for server in self.servers:
            server.wait_until_gone()
        if self._fork_server:
            self._fork_server.close()
        if self.redis:
            self.redis.close()

    def check_servers(self) -> None:
        """Raise `ServerFailed` if a server process ended by itself. First start it again for the next tests."""
        for server in self.servers:
            if (code := server.exit_code()) is not None:
                log = server.log_tail()
                server.start()
                raise ServerFailed(f"{server.kind} on port {server.port} ended with code {code}:\n{log}")

    def logs(self) -> dict[str, str]:
        return {server.log.name: server.log_tail() for server in self.servers}

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
