"""The client in a real browser: the React hook in a typical component, and the plain module."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.client_js.node import HERE, find_node, node_environment
from tests.harness.backend import Deployment
from tests.harness.cast import PASSWORD, Cast, Stage
from tests.harness.patience import patience

pytestmark = pytest.mark.shown

MOST_SECONDS = 120


@pytest.fixture(scope="session")
def chromium(packages: None) -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("NOT TESTED: the JavaScript client in a browser needs chromium (Debian: chromium)")
    return found


async def play(script: str, scene: dict[str, Any], services: dict[str, Callable[[], Any]]) -> None:
    """Run a script of `browser/` to its end, and do what it requests."""
    process = await asyncio.create_subprocess_exec(
        find_node(),
        f"browser/{script}",
        json.dumps(scene),
        cwd=HERE,
        env=node_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    said = []
    try:
        async with asyncio.timeout(patience(MOST_SECONDS)):
            async for line in process.stdout:
                said.append(line.decode())
                service = services.get(said[-1].strip())
                if service is not None:
                    await asyncio.to_thread(service)
                    process.stdin.write(b"done\n")
                    await process.stdin.drain()
            code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert code == 0, f"{script} failed:\n{''.join(said)[-8000:]}"


async def test_the_known_component(chromium: str, fragile: Deployment) -> None:
    async with Cast(Stage.set_up(fragile)) as cast:
        customer = await cast.newcomer()
        room = (await cast.conversation(customer))["id"]
        people = [
            {
                "origin": fragile.server(number).url,
                "token": person.access,
                "userId": person.id,
                "otherUserId": other.id,
                "conversationId": room,
            }
            for number, person, other in ((0, customer, cast.olivia), (1, cast.olivia, customer))
        ]
        first = fragile.servers[0]
        await play(
            "component.js",
            {"chromium": chromium, "people": people},
            {"kill": first.kill9, "start": first.start},
        )


async def test_the_module_as_served(chromium: str, cast: Cast) -> None:
    customer = await cast.newcomer()
    room = (await cast.conversation(customer))["id"]
    origin = cast.stage.deployment.server(customer.home).url
    who = {"username": customer.name, "password": PASSWORD}
    await play("static.js", {"chromium": chromium, "origin": origin, "room": room, **who}, {})
