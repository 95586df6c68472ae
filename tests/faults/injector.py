"""Carries out a schedule. What takes seconds, such as starting a process, overlaps with the next faults."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from types import SimpleNamespace
from typing import Final

import psycopg

from business_chat_client import credentials
from tests.faults import peers
from tests.faults.people import Account, Device
from tests.faults.schedule import Fault
from tests.faults.site import Site
from tests.harness.servers import Server

DAY: Final = 86_400
BURST_MESSAGES: Final = 300
BURST_AT_ONCE: Final = 30
BURST_LENGTH: Final = 7_990  # characters


class Injector:
    def __init__(self, site: Site, seed: int, *, down_seconds: float) -> None:
        self.site = site
        self.done: Counter[str] = Counter()
        self.failed: list[str] = []
        self._chance = random.Random(f"{seed} injector")
        self._down_seconds = down_seconds  # the first absence of Redis, and up to 10 of PostgreSQL
        self._locks = [asyncio.Lock() for _ in site.servers]
        self._redis, self._postgres = asyncio.Lock(), asyncio.Lock()
        # The clients and the sources of faults, once they exist.
        self.devices: list[Device] = []
        self.accounts: list[Account] = []
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self, schedule: Iterable[Fault]) -> None:
        began = time.monotonic()
        for fault in schedule:
            await asyncio.sleep(max(0.0, began + fault.at - time.monotonic()))
            task = asyncio.create_task(self._inject(fault))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def repair(self) -> None:
        """Wait for everything in progress, and repair everything."""
        if self._under_way:
            await asyncio.wait(self._under_way)
        self.site.redis_line.behave()
        await asyncio.to_thread(self.site.disk.free)
        for connection in list(self.site.street.connections):
            connection.thaw()
        vars(credentials)["time"] = time

    async def _inject(self, fault: Fault) -> None:
        carry_out: Callable[[float], Awaitable[None]] = getattr(self, f"_{fault.kind}")
        try:
            await carry_out(fault.strength)
            self.done[fault.kind] += 1
        except Exception as error:  # noqa: BLE001  the run goes on, and is failed by it at the end
            self.failed.append(f"{fault}: {error!r}")

    # Between the processes

    async def _event_dropped(self, strength: float) -> None:
        self.site.redis_line.plan("drop")

    async def _event_duplicated(self, strength: float) -> None:
        self.site.redis_line.plan("duplicate")

    async def _event_delayed(self, strength: float) -> None:
        self.site.redis_line.plan("delay", strength)

    async def _events_silenced(self, strength: float) -> None:
        self.site.redis_line.is_silent = True
        await asyncio.sleep(strength)
        self.site.redis_line.is_silent = False

    async def _redis_connection_cut(self, strength: float) -> None:
        for connection in self.site.redis_line.pick(self._chance, 1 + int(strength * 3)):
            connection.cut()

    # Clients

    async def _client_cut(self, strength: float) -> None:
        for connection in self.site.street.pick(self._chance, 1 + int(strength * 2)):
            connection.cut()

    async def _clients_all_cut(self, strength: float) -> None:
        for connection in list(self.site.street.connections):
            connection.cut()

    async def _client_frozen(self, strength: float) -> None:
        """The client gives up after a heartbeat without an answer. The server notices much later."""
        for connection in self.site.street.pick(self._chance, 1):
            connection.freeze()
            await asyncio.sleep(8 + 4 * strength)
            connection.cut()

    async def _client_stalled(self, strength: float) -> None:
        for connection in self.site.street.pick(self._chance, 1):
            connection.freeze(down_only=True)
            await asyncio.sleep(1 + 2 * strength)
            connection.thaw()

    async def _clock_skewed(self, strength: float) -> None:
        """The clocks of the clients are up to a day fast or slow until the next such fault."""
        offset = (strength - 0.5) * 2 * DAY
        vars(credentials)["time"] = SimpleNamespace(time=lambda: time.time() + offset)

    async def _frames_undecodable(self, strength: float) -> None:
        await peers.send_undecodable(self._some_server(), self._some_account().access, self._chance)

    async def _peer_silent(self, strength: float) -> None:
        """A half-open connection, which stays until the server closes it."""
        await peers.fall_silent(self._some_server(), self._some_account().access, self._chance)

    async def _burst(self, strength: float) -> None:
        """Many messages at once to connected readers. Each character takes six bytes on the wire."""
        await self._send_much("\x01")

    async def _sync_huge(self, strength: float) -> None:
        """The same while some clients are disconnected. They use `sync` after they reconnect."""
        away = self.site.street.pick(self._chance, 1 + int(strength * 6))
        for connection in away:
            connection.freeze(down_only=True)
        await self._send_much("é")
        for connection in away:
            connection.cut()

    async def _send_much(self, character: str) -> None:
        sender = self._chance.choice([one for one in self.devices if one.name.startswith("customer")])
        text = character * BURST_LENGTH
        for _ in range(BURST_MESSAGES // BURST_AT_ONCE):
            await asyncio.gather(
                *(sender.send(sender.conversations[0], content=text) for _ in range(BURST_AT_ONCE))
            )

    def _some_server(self) -> Server:
        return self._chance.choice(self.site.servers)

    def _some_account(self) -> Account:
        return self._chance.choice(self.accounts)

    # Processes

    async def _process_killed(self, strength: float) -> None:
        number = self._chance.randrange(len(self.site.servers))
        async with self._locks[number]:
            server = self.site.servers[number]
            await asyncio.to_thread(server.kill9)
            await asyncio.sleep(strength)
            await asyncio.to_thread(server.start)

    async def _process_terminated(self, strength: float) -> None:
        await self._restart(self._chance.randrange(len(self.site.servers)))

    async def _rolling_restart(self, strength: float) -> None:
        for number in range(len(self.site.servers)):
            await self._restart(number)

    async def _restart(self, number: int) -> None:
        async with self._locks[number]:
            server = self.site.servers[number]
            await asyncio.to_thread(server.terminate)
            await asyncio.to_thread(server.start)

    # Services

    async def _redis_down(self, strength: float) -> None:
        async with self._redis:
            is_first = not self.done["redis_down"]
            await asyncio.to_thread(self.site.redis.kill)
            await asyncio.sleep(self._down_seconds if is_first else 5 * strength)
            await asyncio.to_thread(self.site.redis.start)

    async def _redis_emptied(self, strength: float) -> None:
        """Redis restarts at once, without its data."""
        async with self._redis:
            await asyncio.to_thread(self.site.redis.kill)
            await asyncio.to_thread(self.site.redis.start)

    async def _postgres_down(self, strength: float) -> None:
        async with self._postgres:
            await asyncio.to_thread(self.site.postgres.kill if strength < 0.5 else self.site.postgres.stop)
            is_first = not self.done["postgres_down"]
            await asyncio.sleep(min(self._down_seconds, 10) if is_first else 3 * strength)
            await asyncio.to_thread(self.site.postgres.start)

    async def _database_connection_cut(self, strength: float) -> None:
        async with self._postgres:
            await asyncio.to_thread(self._end_backends, 1 + int(strength * 2))

    async def _postgres_read_only(self, strength: float) -> None:
        """As after a failover to a replica: connections break, new ones can read, and later they can write."""
        async with self._postgres:
            await asyncio.to_thread(self._allow_writes, False)
            await asyncio.to_thread(self._end_backends, 1_000)
            await asyncio.sleep(1 + 3 * strength)
            await asyncio.to_thread(self._allow_writes, True)

    def _allow_writes(self, allowed: bool) -> None:
        with psycopg.connect(self.site.postgres.url, autocommit=True, connect_timeout=5) as connection:
            value = "off" if allowed else "on"
            connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}".encode())
            connection.execute("SELECT pg_reload_conf()")

    def _end_backends(self, most: int) -> None:
        with psycopg.connect(self.site.postgres.url, autocommit=True, connect_timeout=5) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity"
                " WHERE datname = 'chat' ORDER BY random() LIMIT %s) AS chosen",
                [most],
            )

    async def _disk_full(self, strength: float) -> None:
        async with self._postgres:
            await asyncio.to_thread(self.site.disk.fill)
            await asyncio.sleep(1 + strength)
            await asyncio.to_thread(self.site.disk.free)
