"""The list with a team's filter, while colleagues change what matches it."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import SignedIn
from tests.browser.shell import entry, loaded, two_frames
from tests.browser.test_long_inbox import keeper
from tests.harness.cast import Cast

pytestmark = pytest.mark.shown


async def test_a_conversation_that_matches_again_stays(cast: Cast, signed_in: SignedIn) -> None:
    """The server's answer may be from a time when it did not match."""
    member = await keeper(cast, 2)
    listed = (await member.rest.get("/chat/conversations"))["results"]
    paths = [f"/chat/conversations/{one['id']}/team" for one in listed]  # of Customer 1 and Customer 0
    await member.rest.patch(paths[0], {"priority": "urgent"})
    page = await loaded(await signed_in(member.name, "/app?priority=urgent"))
    await expect(entry(page, "Customer 1")).to_be_visible()
    await expect(entry(page, "Customer 0")).to_have_count(0)
    await member.rest.patch(paths[0], {"priority": "low"})
    await expect(entry(page, "Customer 1")).to_have_count(0)
    answered, gate = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        answer = await route.fetch()
        answered.set()
        await gate.wait()
        await route.fulfill(response=answer)

    await page.route(re.compile(r"/chat/conversations\?"), hold, times=1)
    await member.rest.patch(paths[1], {"priority": "urgent"})
    await answered.wait()
    await member.rest.patch(paths[0], {"priority": "urgent"})
    await expect(entry(page, "Customer 1")).to_be_visible()
    gate.set()
    await expect(entry(page, "Customer 0")).to_be_visible()
    await two_frames(page)
    await expect(entry(page, "Customer 1")).to_be_visible()
