"""Record once a second what the processes hold: memory, files, tasks, and connections to the database."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass

import httpx
import psutil
import psycopg

from tests.faults.site import POOL, Site

COUNT_CONNECTIONS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = 'chat' AND backend_type = 'client backend'"
)


@dataclass(frozen=True)
class Sample:
    at: float
    memory: float  # MiB
    files: int
    tasks: int
    sessions: int


class Sampler:
    def __init__(self, site: Site) -> None:
        self._site = site
        self.processes: defaultdict[int, list[Sample]] = defaultdict(list)  # by pid
        self.most_connections = 0
        self.allowed_connections = POOL * len(site.servers)

    async def run(self, until: asyncio.Event) -> None:
        async with httpx.AsyncClient(timeout=2, trust_env=False) as http:
            while not until.is_set():
                for server in self._site.servers:
                    await self._look_at(http, server.url, server.pid_or_none)
                await asyncio.to_thread(self._count_connections)
                await asyncio.sleep(1)

    async def _look_at(self, http: httpx.AsyncClient, url: str, pid: int | None) -> None:
        try:
            if pid is None:
                return
            held = (await http.get(f"{url}/probe")).json()
            process = psutil.Process(pid)
            memory = process.memory_info().rss / 2**20
            sample = Sample(time.monotonic(), memory, process.num_fds(), held["tasks"], held["sessions"])
        except (httpx.HTTPError, psutil.NoSuchProcess):
            return  # it is down just now
        self.processes[pid].append(sample)

    def _count_connections(self) -> None:
        try:
            with psycopg.connect(self._site.postgres.url, connect_timeout=2) as connection:
                row = connection.execute(COUNT_CONNECTIONS).fetchone()
        except psycopg.OperationalError:
            return  # the database is down just now
        self.most_connections = max(self.most_connections, row[0] if row else 0)
