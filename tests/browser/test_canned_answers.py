"""A member inserts a canned answer by its code. A customer reads in the header when the business answers."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.browser.axe import assert_accessible
from tests.browser.conftest import OpenPage, SignedIn
from tests.browser.files import pdf, upload_by_rest
from tests.browser.shell import assert_fits, pane, ready, two_frames
from tests.browser.test_team_pages import SIZES
from tests.browser.threads import open_thread
from tests.harness.cast import Cast

pytestmark = pytest.mark.shown


async def test_a_late_answer_keeps_the_chosen_one(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    for code in ("zebra", "zebra-late"):
        body = {"businessId": cast.business_id, "code": code, "text": f"About {code}.", "scope": "private"}
        await cast.olivia.rest.post("/team/canned-answers", body)
    shop = await open_thread(open_page, cast.olivia, where)
    options = shop.root.get_by_role("option")
    await shop.field.press_sequentially("/zeb")
    await expect(options).to_have_count(2)
    gate = asyncio.Event()

    async def slowly(route: Route) -> None:
        await gate.wait()
        await route.continue_()

    await shop.page.route(re.compile(r"/team/canned-answers\?"), slowly)
    async with shop.page.expect_response(re.compile(r"/team/canned-answers\?")):
        async with shop.page.expect_request(re.compile(r"/team/canned-answers\?")):
            await shop.field.press_sequentially("ra")
        await shop.field.press("ArrowDown")
        gate.set()
    await two_frames(shop.page)
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    await shop.field.press("Enter")
    await expect(shop.field).to_have_value("About zebra-late.")


async def test_a_code_becomes_the_text_at_the_cursor(
    cast: Cast, open_page: OpenPage, axe_source: str
) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    for code, text in (
        ("greet", "Hello {{customer.name}}!"),
        ("greet-late", "Good evening."),
        ("fee", "No greeting fee."),
    ):
        body = {"businessId": cast.business_id, "code": code, "text": text, "scope": "private"}
        await cast.olivia.rest.post("/team/canned-answers", body)
    shop = await open_thread(open_page, cast.olivia, where)
    options = shop.root.get_by_role("option")
    await shop.field.press_sequentially("Hi. /greet")
    await expect(options).to_have_count(3)
    await expect(options.first).to_contain_text("/greet")
    await shop.field.press("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    await assert_accessible(shop.page, axe_source)
    await shop.field.press("ArrowUp")
    await shop.field.press("Enter")
    await expect(shop.field).to_have_value(f"Hi. Hello {customer.name}!")
    await expect(options).to_have_count(0)
    await expect(shop.messages).to_have_count(0)  # Enter chose, and sent nothing
    await shop.field.press_sequentially(" /late")
    await expect(options).to_have_count(0)  # no code begins so, and no text has the word
    await shop.field.fill("/greet-")
    await options.get_by_text("Good evening.").click()
    await expect(shop.field).to_have_value("Good evening.")
    await shop.field.press("Enter")
    await expect(shop.said("Good evening.")).to_be_visible()


@pytest.mark.parametrize("viewport", SIZES)
async def test_the_files_of_an_answer_are_sent_with_it(
    cast: Cast, open_page: OpenPage, axe_source: str, viewport: Any
) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    prices = await upload_by_rest(cast.olivia, pdf("Prices.pdf"))
    terms = await upload_by_rest(cast.olivia, pdf("Terms.pdf"))
    body = {"businessId": cast.business_id, "code": "files", "text": "Our prices.", "scope": "private"}
    answer = await cast.olivia.rest.post("/team/canned-answers", {**body, "attachmentIds": [prices, terms]})
    shop = await open_thread(open_page, cast.olivia, where, viewport=viewport)
    theirs = await open_thread(open_page, customer, where, viewport=viewport)
    await shop.field.press_sequentially("/files")
    await expect(shop.root.get_by_role("option")).to_contain_text("2 files")
    await shop.field.press("Enter")
    tray = shop.root.get_by_role("list", name="Files to send")
    await expect(tray.get_by_role("listitem")).to_have_count(2)
    await assert_accessible(shop.page, axe_source)
    await assert_fits(shop.page)
    await tray.get_by_role("button", name="Remove Terms.pdf").click()
    await shop.field.press("Enter")
    await expect(tray).to_be_hidden()
    await expect(theirs.said("Our prices.").get_by_role("link", name="Prices.pdf")).to_be_visible()
    await expect(theirs.root.get_by_text("Terms.pdf")).to_have_count(0)
    stored = (await customer.rest.get(f"/chat/conversations/{where}/messages"))["results"]
    assert [[file["name"] for file in message["attachments"]] for message in stored] == [["Prices.pdf"]]
    assert (await cast.olivia.rest.get(f"/team/canned-answers/{answer['id']}"))["uses"] == 1
    await cast.olivia.rest.delete(f"/team/canned-answers/{answer['id']}")


async def test_customers_see_hours_and_are_offered_no_canned_answers(
    cast: Cast, open_page: OpenPage, signed_in: SignedIn
) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    path = f"/team/business-hours/{cast.business_id}"
    never: dict[str, object] = {"timezone": "UTC", "weekly": {}, "exceptions": [], "holidays": None}
    await cast.olivia.rest.request("PUT", path, never)
    try:
        theirs = await open_thread(open_page, customer, where)
        await expect(theirs.root.locator(".thread-presence")).to_have_text("Closed")
        await theirs.field.press_sequentially("/greet")
        await theirs.page.wait_for_timeout(500)
        await expect(theirs.root.get_by_role("option")).to_have_count(0)
        page = await ready(await signed_in(customer.name, f"/app/c/{where}"))  # which has the hours already
        await expect(pane(page).locator(".thread-presence")).to_have_text("Closed")
    finally:
        await cast.olivia.rest.delete(path)
