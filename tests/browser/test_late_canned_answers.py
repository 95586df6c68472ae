"""A canned answer that arrives late goes only where it was chosen for. Files that are not sent are deleted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.files import pdf, upload_by_rest
from tests.browser.threads import ThreadPage, open_thread
from tests.harness.cast import Cast

pytestmark = pytest.mark.shown

USE = "**/team/canned-answers/*/use"


async def offer_answer(cast: Cast, code: str) -> None:
    """Make an answer with a file, which only Olivia has."""
    prices = await upload_by_rest(cast.olivia, pdf("Prices.pdf"))
    body = {"businessId": cast.business_id, "code": code, "text": "Our prices.", "scope": "private"}
    await cast.olivia.rest.post("/team/canned-answers", {**body, "attachmentIds": [prices]})


@asynccontextmanager
async def slow_answer(page: Page) -> AsyncIterator[None]:
    """Hold the answer until the end of the block."""
    released = asyncio.Event()

    async def hold(route: Route) -> None:
        await released.wait()
        await route.continue_()

    await page.route(USE, hold, times=1)
    async with page.expect_response(USE):
        try:
            yield
        finally:
            released.set()


async def choose(shop: ThreadPage, code: str) -> None:
    await shop.field.press_sequentially(f"/{code}")
    await expect(shop.root.get_by_role("option")).to_have_count(1)
    async with shop.page.expect_request(USE):
        await shop.field.press("Enter")


async def test_a_private_note_does_not_become_a_message(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    await offer_answer(cast, "late-note")
    shop = await open_thread(open_page, cast.olivia, where)
    note = shop.root.get_by_role("textbox", name="Private note")
    async with (
        shop.page.expect_request(lambda request: request.method == "DELETE") as deletion,
        slow_answer(shop.page),
    ):
        await choose(shop, "late-note")
        await shop.root.get_by_role("button", name="Private note").click()
        await note.press_sequentially("They haggle")
    assert "/chat/uploads/" in (await deletion.value).url
    await expect(shop.page.get_by_text("The answer was left out")).to_be_visible()
    await expect(note).to_have_value("They haggle")
    await expect(note).to_be_focused()
    await shop.page.keyboard.type(", always")
    await shop.page.keyboard.press("Enter")
    await expect(shop.root.locator(".row-note")).to_contain_text("They haggle, always")
    assert (await customer.rest.get(f"/chat/conversations/{where}/messages"))["results"] == []
    await shop.root.get_by_role("button", name="Message", exact=True).click()
    await expect(shop.field).to_have_value("/late-note")


async def test_an_edit_takes_the_text_and_not_the_files(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    await cast.olivia.send(where, "Hello.")
    await offer_answer(cast, "in-an-edit")
    shop = await open_thread(open_page, cast.olivia, where)
    await shop.choose("Hello.", "Edit")
    await shop.field.press_sequentially(" ")
    async with shop.page.expect_request(lambda request: request.method == "DELETE") as deletion:
        await choose(shop, "in-an-edit")
    assert "/chat/uploads/" in (await deletion.value).url
    await expect(shop.page.get_by_text("The files of the answer were left out")).to_be_visible()
    await shop.field.press("Enter")
    await expect(shop.said("Hello. Our prices.")).to_be_visible()
    await expect(shop.root.get_by_role("list", name="Files to send")).to_have_count(0)
    await shop.write("The next message")
    await expect(shop.tick("The next message")).to_have_attribute("aria-label", "Sent")
    stored = (await customer.rest.get(f"/chat/conversations/{where}/messages"))["results"]
    assert [message["attachments"] for message in stored] == [[], []]


async def test_an_edit_that_began_meanwhile_keeps_its_text(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    await cast.olivia.send(where, "Hello.")
    await offer_answer(cast, "before-an-edit")
    shop = await open_thread(open_page, cast.olivia, where)
    async with slow_answer(shop.page):
        await choose(shop, "before-an-edit")
        await shop.choose("Hello.", "Edit")
    await expect(shop.page.get_by_text("The answer was left out")).to_be_visible()
    await expect(shop.field).to_have_value("Hello.")


async def test_a_file_that_is_removed_is_deleted(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    await offer_answer(cast, "too-much")
    shop = await open_thread(open_page, cast.olivia, where)
    async with shop.page.expect_response(USE) as used:
        await choose(shop, "too-much")
    [file] = (await (await used.value).json())["attachments"]
    path = f"**/chat/uploads/{file['id']}"
    async with shop.page.expect_response(path) as deletion:
        await shop.root.get_by_role("button", name="Remove Prices.pdf").click()
    assert (await deletion.value).status == 204
