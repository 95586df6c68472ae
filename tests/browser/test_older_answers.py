"""What an event has brought while a list was fetched stays, although the list's answer is from before the event."""

from __future__ import annotations

import asyncio
import re
import secrets

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import SignedIn
from tests.browser.shell import entry, loaded, newcomer_with_conversation, ready, two_frames
from tests.browser.test_bell import NEWS, panel
from tests.harness.cast import Cast

pytestmark = pytest.mark.shown


class HeldAnswer:
    """The server answers requests to an address, and the page gets the answers after `release()`."""

    def __init__(self, page: Page, address: str) -> None:
        self._page = page
        self._address = re.compile(address)
        self._gate = asyncio.Event()
        self.answered = asyncio.Event()

    async def begin(self) -> None:
        await self._page.route(self._address, self._hold)

    async def release(self) -> None:
        async with self._page.expect_event(
            "requestfinished", lambda sent: bool(self._address.search(sent.url))
        ):
            self._gate.set()
        await two_frames(self._page)

    async def _hold(self, route: Route) -> None:
        answer = await route.fetch()
        self.answered.set()
        await self._gate.wait()
        await route.fulfill(response=answer)


async def test_a_conversation_that_moves_while_the_list_is_fetched(cast: Cast, signed_in: SignedIn) -> None:
    word = f"zeppelin{secrets.token_hex(3)}"
    page = await loaded(await signed_in("olivia"))
    held = HeldAnswer(page, r"/chat/conversations\?")
    await held.begin()
    await page.get_by_role("searchbox", name="Search").fill(word)
    await held.answered.wait()
    found, _ = await newcomer_with_conversation(cast, f"A {word}, please")
    other, _ = await newcomer_with_conversation(cast, "A bicycle, please")
    await expect(entry(page, found.name)).to_be_visible()
    await held.release()
    await expect(entry(page, found.name)).to_be_visible()
    await expect(entry(page, other.name)).to_have_count(0)


async def test_notifications_that_change_while_they_are_fetched(cast: Cast, signed_in: SignedIn) -> None:
    customer, _ = await newcomer_with_conversation(cast)
    for title in ("Old news", "Known news"):
        cast.stage.deployment.shell(NEWS.format(name=customer.name, title=title))
    page = await ready(await signed_in(customer.name))
    count = page.locator("[data-bell-count]")
    await expect(count).to_have_text("2")
    held = HeldAnswer(page, r"/notifications\?")
    await held.begin()
    await page.locator("[data-bell]").click()
    await held.answered.wait()
    known, old = (await customer.rest.get("/notifications"))["results"]
    await customer.rest.delete(f"/notifications/{old['id']}")
    await customer.rest.patch(f"/notifications/{known['id']}/read")
    await expect(count).to_be_hidden()
    await asyncio.to_thread(cast.stage.deployment.shell, NEWS.format(name=customer.name, title="Fresh news"))
    await expect(count).to_have_text("1")
    await held.release()
    list_ = panel(page).locator("[data-alert]")
    await expect(list_).to_contain_text(["Fresh news", "Known news"])
    await expect(list_).to_have_count(2)
    await expect(list_.last.get_by_role("button", name="Mark as read")).to_be_hidden()
