"""What a deployment shows its operator: its metrics and its log lines."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.harness.backend import Deployment
from tests.harness.patience import patience

TOKEN = "a-token-for-prometheus"
Line = dict[str, Any]


def scrape(deployment: Deployment) -> dict[str, float]:
    """Return the sums of all processes' samples, by `name` or `name{label="value"}` with the labels sorted."""
    found: dict[str, float] = {}
    for server in deployment.servers:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = httpx.get(f"{server.url}/metrics", headers=headers, trust_env=False, timeout=patience(5))
        assert answer.status_code == 200
        for family in text_string_to_metric_families(answer.text):
            for sample in family.samples:
                labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
                key = f"{sample.name}{{{labels}}}" if labels else sample.name
                found[key] = found.get(key, 0) + sample.value
    return found


class Growth:
    """How much the numbers have grown since this object was made.

    Other tests of the deployment run before, not in parallel.
    """

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._before = scrape(deployment)

    def now(self) -> dict[str, float]:
        after = scrape(self._deployment)
        return {key: value - self._before.get(key, 0) for key, value in after.items()}

    async def becomes(self, expected: dict[str, float], within: float = 5) -> dict[str, float]:
        """Wait until each number has grown by exactly this much."""
        deadline = time.monotonic() + patience(within)
        while True:
            grown = self.now()
            wrong = {key: grown.get(key, 0) for key in expected if grown.get(key, 0) != expected[key]}
            if not wrong:
                return grown
            assert time.monotonic() < deadline, f"expected {expected}, but {wrong}"
            await asyncio.sleep(0.1)


async def fetch(url: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=patience(5)) as client:
        return await client.get(
            url, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )


def log_lines(deployment: Deployment) -> list[Line]:
    """Return the log lines of all processes."""
    texts = [text for server in deployment.servers for text in server.log.read_text().splitlines()]
    return [json.loads(text) for text in texts if text.startswith("{")]  # others are Python's own warnings


async def log_line(deployment: Deployment, wanted: Callable[[Line], bool], within: float = 5) -> Line:
    deadline = time.monotonic() + patience(within)
    while True:
        for line in log_lines(deployment):
            if wanted(line):
                return line
        assert time.monotonic() < deadline, "no such line"
        await asyncio.sleep(0.1)
