"""Everything that the clients of a run connect to: three server processes behind nginx, and proxies that can fail."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.faults.disk import SmallDisk
from tests.faults.lines import Line, RedisLine
from tests.harness.backend import FLEET, Deployment, base_environment
from tests.harness.databases import TEMPLATE, MigratedPostgreSQL
from tests.harness.servers import Server
from tests.harness.services import Redis
from tests.proxy.nginx import Nginx

POOL: Final = 11  # database connections of one process, at most
PRESENCE_TTL: Final = 5
PRESENCE_GRACE: Final = 1


class ProbedServer(Server):
    """A server that also shows what it holds, at `/probe`."""

    application = "tests.faults.probed:application"


class Site:
    """An async context manager that serves inside its block. Clients use `url`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postgres = MigratedPostgreSQL()
        self.redis = Redis()
        self._stack = contextlib.AsyncExitStack()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.street.port}"

    @property
    def servers(self) -> list[Server]:
        return self.deployment.servers

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def _open(self) -> None:
        stack = self._stack
        for service in (self.postgres, self.redis):
            stack.push_async_callback(asyncio.to_thread, service.close)
            await asyncio.to_thread(service.start)
        self.redis_line = await stack.enter_async_context(RedisLine(self.redis.port))
        environment = {
            **base_environment(),
            "DATABASE_URL": await asyncio.to_thread(self.postgres.create_database, "chat", template=TEMPLATE),
            "DATABASE_POOL_SIZE": str(POOL),
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_line.port}/0",
            "PRESENCE_TTL": str(PRESENCE_TTL),
            "PRESENCE_GRACE": str(PRESENCE_GRACE),
            "ACCESS_TOKEN_MINUTES": "60",
        }
        self.deployment = Deployment("services", self.folder, environment, ())
        for number, kind in enumerate(FLEET):
            log = self.folder / f"{kind}-{number}.log"
            self.deployment.servers.append(ProbedServer(kind, self.deployment.starter, log))
        stack.push_async_callback(asyncio.to_thread, self.deployment.stop)
        await asyncio.to_thread(self.deployment.start)
        self.disk = SmallDisk(self.postgres, environment["DATABASE_URL"])
        stack.push_async_callback(asyncio.to_thread, self.disk.close)
        await asyncio.to_thread(self.disk.move_messages)
        self.nginx = Nginx(self.folder, [server.port for server in self.servers])
        await asyncio.to_thread(self.nginx.__enter__)
        stack.push_async_callback(asyncio.to_thread, self.nginx.__exit__, None, None, None)
        self.street = await stack.enter_async_context(Line(self.nginx.port))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()
