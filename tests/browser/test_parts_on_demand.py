"""What the first screen does not need is fetched when it is opened, or before, when the page has nothing to do."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import SignedIn
from tests.browser.shell import newcomer_with_conversation, pane, ready
from tests.harness.cast import Cast
from tests.harness.patience import patience

pytestmark = pytest.mark.shown

PICKER = re.compile(r"/emoji_picker[^/]*\.js")


async def open_picker(page: Page) -> None:
    row = pane(page).locator(".row-message").filter(has_text="Pick one")
    await row.hover()
    await row.get_by_role("button", name="Message actions").click()
    await page.get_by_role("menuitemcheckbox", name="More emoji").click()


async def test_a_part_that_cannot_be_fetched_is_tried_again(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Pick one")
    page = await ready(await signed_in(customer.name, f"/app/c/{conversation['id']}"))
    page.allowed.append("ERR_FAILED")  # type: ignore[attr-defined]

    async def lose(route: Route) -> None:
        await route.abort()

    await page.route(PICKER, lose)
    await open_picker(page)
    await expect(pane(page).get_by_text("This could not be loaded.")).to_be_visible()
    await expect(page.get_by_role("dialog", name="Choose an emoji")).to_have_count(0)
    await page.unroute(PICKER, lose)
    await pane(page).get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("dialog", name="Choose an emoji")).to_be_visible()


async def test_parts_open_without_a_network_after_a_while(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Pick one")
    page = await signed_in(customer.name, f"/app/c/{conversation['id']}")
    page.allowed.append("ERR_INTERNET_DISCONNECTED")  # type: ignore[attr-defined]
    await ready(page)
    await page.locator("html[data-parts=ready]").wait_for(state="attached", timeout=patience(30_000))
    await page.context.set_offline(True)
    await page.locator("[data-bell]").click()
    await expect(page.get_by_role("dialog", name="Notifications")).to_be_visible()
    await page.keyboard.press("Escape")
    await open_picker(page)
    await expect(page.get_by_role("dialog", name="Choose an emoji")).to_be_visible()
