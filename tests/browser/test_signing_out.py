"""Signing out sends the deletions that could still be undone."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import SignedIn
from tests.browser.shell import loaded, newcomer_with_conversation, pane
from tests.browser.test_bell import make_offer
from tests.harness.cast import Cast
from tests.harness.patience import patience
from tests.harness.rest import eventually

pytestmark = pytest.mark.shown


async def sign_out(page: Page) -> None:
    await page.get_by_label("Settings", exact=True).first.click()
    await page.get_by_role("button", name="Sign out").click()
    await page.locator("[data-entrance]").wait_for()


async def test_signing_out_sends_what_could_still_be_taken_back(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Never mind")
    page = await loaded(await signed_in(customer.name, f"/app/c/{conversation['id']}"))
    await pane(page).locator(".row-message").filter(has_text="Never mind").focus()
    await page.keyboard.press("Delete")
    await expect(pane(page).get_by_role("button", name="Undo")).to_be_visible()
    await sign_out(page)
    path = f"/chat/conversations/{conversation['id']}/messages"

    async def is_deleted() -> bool:
        return bool((await cast.olivia.rest.get(path))["results"][0]["deletedAt"])

    await eventually(is_deleted, "the message is deleted")


async def test_signing_out_waits_for_what_is_sent(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast)
    await make_offer(cast, conversation["id"])
    page = await loaded(await signed_in(customer.name))
    await page.locator("html[data-parts=ready]").wait_for(state="attached", timeout=patience(30_000))

    async def take_long(route: Route) -> None:
        await asyncio.sleep(0.5)
        await route.continue_()

    await page.route(re.compile("/notifications/"), take_long)
    await page.locator("[data-bell]").click()
    await page.locator("[data-alert]").get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("button", name="Undo")).to_be_visible()
    await sign_out(page)
    kept = "Object.keys(localStorage).filter((key) => key.startsWith('business-chat:changes:'))"
    assert await page.evaluate(kept) == []
    assert (await customer.rest.get("/notifications"))["results"] == []
