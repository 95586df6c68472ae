"""Two people talk to each other in two browsers, and each sees what the other does."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.threads import ThreadPage, open_thread
from tests.harness.cast import Cast

pytestmark = pytest.mark.shown

TYPING = re.compile("is typing")


async def looks_away(page: Page) -> None:
    """Keep the browser window behind another one until `__looks` is set."""
    await page.add_init_script("document.hasFocus = () => Boolean(globalThis.__looks)")


async def look(page: Page) -> None:
    await page.evaluate("globalThis.__looks = true; dispatchEvent(new Event('focus'))")


async def test_messages_and_their_ticks(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    theirs = await open_thread(open_page, customer, where)
    await expect(theirs.root.locator(".thread-name")).to_have_text("Northwind Cycles")
    await theirs.write("Hello there")
    await expect(theirs.tick("Hello there")).to_have_attribute("aria-label", "Sent")

    shop = await open_thread(open_page, cast.olivia, where, before=looks_away)
    await expect(shop.said("Hello there")).to_be_visible()
    await expect(theirs.tick("Hello there")).to_have_attribute("aria-label", "Delivered")
    await shop.page.wait_for_timeout(300)
    await expect(theirs.tick("Hello there")).to_have_attribute("aria-label", "Delivered")
    await look(shop.page)
    await expect(theirs.tick("Hello there")).to_have_attribute("aria-label", "Read")

    await shop.field.press_sequentially("Wel")
    await expect(theirs.root.locator(".thread-presence")).to_have_text("Olivia Brand is typing…")
    await expect(theirs.root.locator(".row-typing")).to_be_visible()
    await shop.write("Welcome!")
    await expect(theirs.said("Welcome!").locator(".sender")).to_have_text("Olivia Brand")
    await expect(theirs.root.locator(".row-typing")).to_have_count(0)
    await expect(theirs.root.locator("[aria-live=polite]")).to_contain_text("Olivia Brand: Welcome!")
    await expect(shop.tick("Welcome!")).to_have_attribute("aria-label", "Read")


async def test_colleagues_are_distinguished(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    await cast.olivia.send(where, "One from Olivia")
    await cast.amir.send(where, "One from Amir")
    theirs = await open_thread(open_page, customer, where)
    await expect(theirs.said("One from Amir").locator(".sender")).to_have_text("Amir Nasser")
    shop = await open_thread(open_page, cast.olivia, where)
    await expect(shop.said("One from Amir")).to_have_class(re.compile("is-ours"))
    await expect(shop.said("One from Amir").locator(".sender")).to_have_text("Amir Nasser")
    await expect(shop.said("One from Olivia")).to_have_class(re.compile("is-mine"))


async def tab_back_to_the_last_message(thread: ThreadPage) -> None:
    await thread.field.press("Shift+Tab")
    await expect(thread.root.get_by_role("button", name="Attach files")).to_be_focused()
    await thread.page.keyboard.press("Shift+Tab")
    # Members choose between a message and a note.
    while await thread.root.locator(".writing-choice:focus").count():
        await thread.page.keyboard.press("Shift+Tab")
    await expect(thread.messages.last).to_be_focused()


async def test_replies_edits_and_deletes(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    theirs = await open_thread(open_page, customer, where)
    shop = await open_thread(open_page, cast.olivia, where)
    await theirs.write("Is it blue?")

    await shop.choose("Is it blue?", "Reply")
    await expect(shop.root.locator(".composing")).to_contain_text("Is it blue?")
    await shop.write("Yes, quite blew")
    quote = theirs.said("Yes, quite blew").locator(".quote")
    await expect(quote).to_contain_text("Is it blue?")
    await quote.click()
    await expect(theirs.said("Is it blue?").first).to_be_focused()

    await tab_back_to_the_last_message(shop)
    await shop.page.keyboard.press("e")  # for edit
    await expect(shop.field).to_have_value("Yes, quite blew")
    await shop.write("Yes, quite blue")
    await expect(theirs.said("Yes, quite blue")).to_contain_text("edited")
    await theirs.said("Yes, quite blue").get_by_role("button", name="edited").click()
    await expect(theirs.root.get_by_role("dialog")).to_contain_text("Yes, quite blew")
    await theirs.page.keyboard.press("Escape")
    await expect(theirs.root.get_by_role("dialog")).to_have_count(0)  # it returns the focus when it closes

    asked = theirs.said("Is it blue?").first
    await asked.hover()
    await asked.get_by_role("button", name="Message actions").click()
    await theirs.root.get_by_role("menuitem", name="Delete").click()
    await theirs.root.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(shop.said("This message was deleted").first).to_be_visible()
    await expect(shop.said("Yes, quite blue").locator(".quote")).to_contain_text("This message was deleted")
    await expect(theirs.said("You deleted this message")).to_be_visible()


@pytest.mark.parametrize("title", ["Touring bike", "אופני טיול"])
async def test_an_offer_is_a_card_that_its_customer_answers(
    cast: Cast, open_page: OpenPage, title: str
) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    theirs = await open_thread(open_page, customer, where)
    offer = {"conversationId": where, "title": title, "amountMinor": 129900, "currency": "EUR"}
    made = await cast.olivia.rest.post("/offers", {**offer, "expiresAt": in_a_week()})
    card = theirs.root.get_by_role("region", name=f"Offer: {title}")
    await expect(card).to_contain_text("1,299.00")
    await card.get_by_role("button", name="Accept").click()
    await theirs.root.get_by_role("dialog").get_by_role("button", name="Accept").click()
    await expect(card.locator(".offer-status")).to_have_text("Accepted")
    assert (await cast.olivia.rest.get(f"/offers/{made['id']}"))["status"] == "accepted"


def in_a_week() -> str:
    from datetime import UTC, datetime, timedelta

    return (datetime.now(UTC) + timedelta(days=7)).isoformat()
