"""Thousands of sockets that lose their connection at the same moment.

They reconnect with the pauses and timeouts of the published clients, or, in a rush, all at once.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import psutil

from business_chat_client.backoff import Backoff
from tests.faults.sockets import frame, handshake
from tests.harness.client import LiveClient

AT_ONCE: Final = 200  # while the crowd connects for the first time
PATIENCE: Final = 240.0  # seconds until the last one must be back
# How long the published client waits in one attempt: for the connection, and for an answer on it.
OPEN_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 30.0


@dataclass
class Outcome:
    back: list[float]  # seconds until each was answered again
    tries: int
    acks: list[float]  # seconds that the sends of other clients took meanwhile
    cost: dict[str, float]  # seconds of processor time, by process

    def lines(self) -> list[str]:
        back, acks = sorted(self.back), sorted(self.acks)
        cost = ", ".join(f"{who} {seconds:.1f}" for who, seconds in self.cost.items())
        return [
            f"{len(back)} sockets back: half after {back[len(back) // 2]:.1f} s, all after {back[-1]:.1f} s",
            f"in {self.tries} tries",
            f"sends meanwhile      {len(acks)}: median {acks[len(acks) // 2]:.3f} s, longest {acks[-1]:.2f} s",
            f"processor seconds    {sum(self.cost.values()):.1f}: {cost}",
        ]


class Crowd:
    """`urls` of servers and access tokens are used in turn. The work of `processes` is measured."""

    def __init__(
        self,
        urls: Sequence[str],
        tokens: Sequence[str],
        *,
        rush: bool = False,
        processes: Mapping[str, Sequence[psutil.Process]] | None = None,
    ) -> None:
        self._urls, self._tokens = itertools.cycle(urls), itertools.cycle(tokens)
        self._rush = rush
        self._processes = {"clients": [psutil.Process()], **(processes or {})}
        self._writers: list[asyncio.StreamWriter] = []
        self._tries = 0

    async def gather(self, count: int) -> None:
        while len(self._writers) < count:
            some = min(AT_ONCE, count - len(self._writers))
            await asyncio.gather(*(self._arrive() for _ in range(some)))

    async def cut_and_return(self, sender: LiveClient, conversation_id: str) -> Outcome:
        count = len(self._writers)
        sends: list[float] = []
        sending = asyncio.create_task(_keep_sending(sender, conversation_id, sends))
        self._tries = 0
        before = self._spent()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        async with asyncio.timeout(PATIENCE):
            back = await asyncio.gather(*(self._arrive(pause=not self._rush) for _ in range(count)))
        if not sending.done():
            sending.cancel()
            cost = {who: spent - before[who] for who, spent in self._spent().items()}
            return Outcome(back, self._tries, sends, cost)
        raise RuntimeError("the bystander was thrown out") from sending.exception()

    async def close(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    def _spent(self) -> dict[str, float]:
        """Return the processor seconds so far."""
        times = {who: [one.cpu_times() for one in ones] for who, ones in self._processes.items()}
        return {who: sum(time.user + time.system for time in spent) for who, spent in times.items()}

    async def _arrive(self, *, pause: bool = False) -> float:
        """Connect until a heartbeat is answered. Return how many seconds that took."""
        began = time.monotonic()
        access, backoff = next(self._tokens), Backoff()
        if pause:
            await asyncio.sleep(backoff.next())
        while True:
            self._tries += 1
            try:
                self._writers.append(await self._enter(next(self._urls), access))
            except (OSError, TimeoutError, asyncio.IncompleteReadError):
                await asyncio.sleep(backoff.next())
            else:
                return time.monotonic() - began

    async def _enter(self, url: str, access: str) -> asyncio.StreamWriter:
        address = urlsplit(url)
        async with asyncio.timeout(OPEN_SECONDS):
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            try:
                writer.write(handshake(address.netloc, access))
                await reader.readuntil(b"\r\n\r\n")
            except BaseException:
                writer.transport.abort()
                raise
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                writer.write(frame("heartbeat", {}, ref="h"))
                await reader.readuntil(b'"ref":"h"')
        except BaseException:
            writer.transport.abort()
            raise
        return writer


async def _keep_sending(sender: LiveClient, conversation_id: str, sends: list[float]) -> None:
    while True:
        began = time.monotonic()
        await sender.call(
            "send_message", {"conversationId": conversation_id, "content": "meanwhile"}, timeout=30
        )
        sends.append(time.monotonic() - began)
        await asyncio.sleep(0.02)
