"""Compare what all clients received with the database, after the faults."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import httpx
import psycopg

from tests.client_python.watching import differences
from tests.faults.people import Account, Device, Log
from tests.faults.sampler import Sample
from tests.faults.site import PRESENCE_GRACE, PRESENCE_TTL, Site
from tests.harness.mirror import Mirror
from tests.harness.patience import patience
from tests.harness.rest import Json, RestClient

CONVERGENCE: Final = 10.0  # seconds after the end of the faults
SETTLING: Final = 60.0  # seconds at the beginning of a process's life in which it may still grow


@dataclass
class Findings:
    wrong: list[str] = field(default_factory=list)
    converged: list[float] = field(default_factory=list)  # seconds, for each client and conversation
    messages: int = 0  # in the history, checked


async def converge(site: Site, devices: Sequence[Device], readers: dict[str, str], began: float) -> Findings:
    """Wait until each client's state equals a fresh fetch of its reader. `readers` maps conversations to tokens."""
    found = Findings()
    async with asyncio.TaskGroup() as group:
        for conversation_id, access in readers.items():
            group.create_task(_converge_one(site, devices, conversation_id, access, began, found))
    return found


async def _converge_one(
    site: Site, devices: Sequence[Device], conversation_id: str, access: str, began: float, found: Findings
) -> None:
    waiting = [(d.name, c) for d in devices for c in d.conversations if c.id == conversation_id]
    async with RestClient(site.servers[0].url, access) as rest:
        while True:
            fresh = await Mirror.fetch(rest, conversation_id)
            elapsed = time.monotonic() - began
            apart = [(name, c, differences(c, _seen_by(fresh, name))) for name, c in waiting]
            found.converged += [elapsed for _, _, lines in apart if not lines]
            waiting = [(name, c) for name, c, lines in apart if lines]
            if not waiting:
                break
            if elapsed > patience(CONVERGENCE):
                found.wrong += [
                    f"{n} has not converged: {'; '.join(lines[:3])}" for n, _, lines in apart if lines
                ]
                break
            await asyncio.sleep(0.1)
    found.messages += len(fresh.messages)
    seqs = [message["seq"] for message in fresh.ordered()]
    if seqs != list(range(1, len(seqs) + 1)):
        found.wrong.append(f"{conversation_id}: seq is not gapless")


def _seen_by(fresh: Mirror, name: str) -> Mirror:
    """Return the business's fetch as the reader sees it. A customer's differs in which side is "mine"."""
    if not name.startswith("customer"):
        return fresh
    head = {**fresh.conversation, "unreadCount": fresh.conversation["customerUnreadCount"]}
    return Mirror(head, fresh.messages)


def check_messages(site: Site, log: Log) -> list[str]:
    """Check that the acked messages are the stored ones, each once."""
    rows = "SELECT id::text, client_id, seq, sender_id, conversation_id::text FROM conversations_chatmessage"
    with psycopg.connect(site.postgres.database_url("chat")) as connection:
        stored = connection.execute(rows).fetchall()
    by_id = {row[0]: row for row in stored}
    wrong = list(log.wrong)
    for client_id, (message_id, seq) in log.acked.items():
        row = by_id.get(message_id)
        if row is None:
            wrong.append(f"LOST: {client_id} was acked as {message_id}, and is not in the history")
        elif (row[1], row[2]) != (client_id, seq):
            wrong.append(f"{client_id} was acked as seq {seq}, and is stored as {row[1:3]}")
    counts = Counter((row[3], row[4], row[1]) for row in stored if row[1])
    wrong += [f"DOUBLE: {key} is stored {count} times" for key, count in counts.items() if count > 1]
    ours = {row[1] for row in stored} & log.intended.keys()
    wrong += [f"{client_id} is stored and was never acked" for client_id in ours - log.acked.keys()]
    wrong += [f"{client_id} was never answered" for client_id in log.intended.keys() - log.acked.keys()]
    return wrong


def check_counts(site: Site) -> list[str]:
    recounted = site.deployment.manage("recount_unread", "--dry-run").strip()
    agreement = site.deployment.manage("check_integrity").strip()
    return [
        line
        for line, good in ((recounted, "0 counts would be corrected."), (agreement, "No problems found."))
        if line != good
    ]


async def check_absence(site: Site, looking: Account, people: Sequence[str]) -> list[str]:
    """Disconnect everybody, some without closing. After the time to live and the grace nobody is online."""
    deadline = time.monotonic() + patience(PRESENCE_TTL + PRESENCE_GRACE + 5)
    async with httpx.AsyncClient(
        base_url=site.servers[0].url,
        headers={"Authorization": f"Bearer {looking.access}"},
        trust_env=False,
        timeout=patience(5),
    ) as http:
        while True:
            rows: list[Json] = (await http.get("/presence", params={"userIds": ",".join(people)})).json()[
                "results"
            ]
            online = [row["userId"] for row in rows if row["online"]]
            if not online:
                return []
            if time.monotonic() > deadline:
                return [f"still online, and gone: {online}"]
            await asyncio.sleep(0.5)


def check_growth(samples: Sequence[Sample], *, shortest: float = 120) -> list[str]:
    """Check whether a process that has run long enough grows.

    It compares the means of two thirds of its life, so that a peak in either is no growth.
    """
    lived = [sample for sample in samples if sample.at > samples[0].at + SETTLING]
    if not lived or lived[-1].at - lived[0].at < shortest:
        return []
    third = len(lived) // 3
    wrong = []
    for name, tolerance in (("memory", 12.0), ("files", 12.0), ("tasks", 12.0)):
        first = sum(getattr(sample, name) for sample in lived[:third]) / third
        last = sum(getattr(sample, name) for sample in lived[-third:]) / third
        if last > first * 1.1 + tolerance:
            wrong.append(f"{name} grew from {first:.0f} to {last:.0f}")
    return wrong
