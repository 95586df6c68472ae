"""One run: people talk, a schedule of faults is carried out, and then everything is checked."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.conversations.conftest import hire_newcomers
from tests.faults import checker
from tests.faults.checker import Findings
from tests.faults.crowd import Crowd, Outcome
from tests.faults.injector import Injector
from tests.faults.people import Account, Device, Log, RestSender, device
from tests.faults.sampler import Sampler
from tests.faults.schedule import Fault
from tests.faults.site import Site
from tests.harness.cast import PASSWORD, Stage
from tests.harness.client import LiveClient
from tests.harness.rest import RestClient


@dataclass(frozen=True)
class Scale:
    """The amount of load and faults. Durations are in seconds."""

    customers: int = 8
    pause: float = 0.25  # mean seconds between two actions of one client
    down: float = 5.0  # the longest outage of Redis and PostgreSQL


@dataclass
class Report:
    faults: Counter[str]
    findings: Findings
    log: Log
    most_connections: int
    allowed_connections: int
    events_meddled_with: int
    seconds: float

    def lines(self) -> list[str]:
        waits = sorted(self.log.waits) or [0.0]
        lost = sum(line.startswith("LOST") for line in self.findings.wrong)
        doubled = sum(line.startswith("DOUBLE") for line in self.findings.wrong)
        times = self.findings.converged or [0.0]
        return [
            f"faults injected      {self.faults.total()}, in {self.seconds:.0f} s",
            *(f"  {kind:<24} {count}" for kind, count in sorted(self.faults.items())),
            f"events meddled with  {self.events_meddled_with}",
            f"messages             {len(self.log.intended)} sent, {len(self.log.acked)} acked",
            f"                     {self.findings.messages} in history checked",
            f"lost {lost}, doubled {doubled}, answers of `internal` {self.log.internal}",
            f"send to ack          median {waits[len(waits) // 2]:.3f} s, longest {waits[-1]:.1f} s",
            f"converged            {len(times)} client states, the last after {max(times):.1f} s",
            f"database connections {self.most_connections} at most, {self.allowed_connections} allowed",
            *(f"WRONG: {line}" for line in self.findings.wrong),
            "all promises kept" if not self.findings.wrong else f"{len(self.findings.wrong)} PROMISES BROKEN",
        ]


class Run:
    def __init__(self, site: Site, seed: int, scale: Scale) -> None:
        self.site, self.seed, self.scale = site, seed, scale
        self.log = Log()
        self.sampler = Sampler(site)
        self.injector = Injector(site, seed, down_seconds=scale.down)
        self.devices: list[Device] = []
        self.customers: dict[str, Account] = {}  # by conversation
        self.ids: list[str] = []  # of all people
        self._enough = asyncio.Event()

    async def carry_out(self, schedule: Sequence[Fault]) -> Report:
        began = time.monotonic()
        async with contextlib.AsyncExitStack() as stack:
            await self._gather_people(stack)
            self.injector.devices, self.injector.accounts = self.devices, list(self.customers.values())
            load = self._start_load()
            sampling = asyncio.create_task(self.sampler.run(self._enough))
            await self.injector.run(schedule)
            await self.injector.repair()
            self._enough.set()
            await asyncio.gather(*load, sampling)
            findings = await self._converge(time.monotonic())
            await self._lose_the_last_message(findings)
        await self._check_the_rest(findings)
        return Report(
            self.injector.done,
            findings,
            self.log,
            self.sampler.most_connections,
            self.sampler.allowed_connections,
            self.site.redis_line.done,
            time.monotonic() - began,
        )

    # The people

    async def _gather_people(self, stack: contextlib.AsyncExitStack) -> None:
        stage = await asyncio.to_thread(Stage.set_up, self.site.deployment)
        await asyncio.to_thread(hire_newcomers, stage)
        self.staff = [await self._sign_in(name) for name in ("olivia", "olivia", "amir")]
        for _ in range(self.scale.customers):
            name = stage.newcomer()
            account = Account(name, stage.access[name])
            async with RestClient(self.site.servers[0].url, account.access) as rest:
                self.ids.append((await rest.get("/auth/me"))["id"])
                made = await rest.post("/chat/conversations", {"businessId": stage.business_id})
            self.customers[made["id"]] = account
        for number, (conversation_id, account) in enumerate(self.customers.items()):
            for copy in range(1 + number % 2):  # every other one has two devices
                await self._seat(stack, account, f"customer{number}.{copy}", [conversation_id])
        for number, account in enumerate(self.staff):
            await self._seat(stack, account, f"staff{number}", list(self.customers))

    async def _sign_in(self, name: str) -> Account:
        async with RestClient(self.site.servers[0].url) as rest:
            access = (await rest.login(name, PASSWORD))["access"]
            self.ids.append((await rest.get("/auth/me"))["id"])
        return Account(name, access)

    async def _seat(
        self, stack: contextlib.AsyncExitStack, account: Account, name: str, rooms: list[str]
    ) -> None:
        chance = random.Random(f"{self.seed} {name}")
        made = await stack.enter_async_context(device(self.site, account, name, self.log, chance))
        for room in rooms:
            await made.join(room)
        self.devices.append(made)

    def _start_load(self) -> list[asyncio.Task[None]]:
        load = [asyncio.create_task(d.talk(self.scale.pause, self._enough)) for d in self.devices]
        load.append(asyncio.create_task(self._send_twice_at_once()))
        for number, (conversation_id, account) in list(enumerate(self.customers.items()))[:2]:
            sender = RestSender(f"rest{number}", self.site.url, account.access, conversation_id, self.log)
            chance = random.Random(f"{self.seed} rest {number}")
            load.append(asyncio.create_task(sender.talk(chance, 4 * self.scale.pause, self._enough)))
        return load

    async def _send_twice_at_once(self) -> None:
        """Send the same message from two devices of one person, as a retry that overlaps with the first attempt."""
        one, other = (made for made in self.devices if made.name in ("staff0", "staff1"))
        number = 0
        while not self._enough.is_set():
            await asyncio.sleep(2 * self.scale.pause)
            number += 1
            room = number % len(one.conversations)
            name, text = f"twice-{number}", f"the same, number {number}"
            await asyncio.gather(*(each.send(each.conversations[room], name, text) for each in (one, other)))

    # Afterwards

    def _readers(self) -> dict[str, str]:
        return dict.fromkeys(self.customers, self.staff[0].access)

    async def _converge(self, began: float) -> Findings:
        return await checker.converge(self.site, self.devices, self._readers(), began)

    async def _lose_the_last_message(self, findings: Findings) -> None:
        """Lose the event of the last message to other processes. No later event shows the gap."""
        self.site.redis_line.is_silent = True
        for made in self.devices:
            await made.send(made.conversations[-1])
        await asyncio.sleep(0.5)
        self.site.redis_line.behave()
        self.injector.done["last_message_lost"] += 1
        after = await self._converge(time.monotonic())
        findings.wrong += after.wrong
        findings.converged += after.converged
        findings.messages = after.messages

    async def _check_the_rest(self, findings: Findings) -> None:
        findings.wrong += self.injector.failed
        for wrong in await asyncio.gather(
            asyncio.to_thread(checker.check_messages, self.site, self.log),
            asyncio.to_thread(checker.check_counts, self.site),
            checker.check_absence(self.site, self.staff[0], self.ids),
        ):
            findings.wrong += wrong
        for samples in self.sampler.processes.values():
            findings.wrong += checker.check_growth(samples)
        if self.sampler.most_connections > self.sampler.allowed_connections:
            findings.wrong.append(f"{self.sampler.most_connections} connections to the database")


async def run_once(folder: Path, seed: int, schedule: Sequence[Fault], scale: Scale) -> Report:
    async with Site(folder) as site:
        return await Run(site, seed, scale).carry_out(schedule)


async def run_crowd(folder: Path, count: int, *, rush: bool) -> Outcome:
    """Connect this number of sockets through nginx, and cut all of them at once."""
    async with Site(folder) as site:
        stage = await asyncio.to_thread(Stage.set_up, site.deployment)
        await asyncio.to_thread(hire_newcomers, stage)
        tokens = [stage.access[name] for name in stage.newcomers]
        async with RestClient(site.nginx.url, tokens[0]) as rest:
            room = await rest.post("/chat/conversations", {"businessId": stage.business_id})
        processes = {
            "servers": [psutil.Process(server.pid) for server in site.servers],
            "nginx": site.nginx.processes(),
            "PostgreSQL": site.postgres.processes(),
            "Redis": site.redis.processes(),
        }
        crowd = Crowd([site.nginx.url], tokens, rush=rush, processes=processes)
        sender = await LiveClient.open(site.nginx.url.replace("http", "ws") + "/chat", tokens[0])
        try:
            await crowd.gather(count)
            await asyncio.sleep(2)
            return await crowd.cut_and_return(sender, room["id"])
        finally:
            await crowd.close()
            await sender.close()
