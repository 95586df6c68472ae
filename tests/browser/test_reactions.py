"""Reactions on the page: chosen in the menu of a message, shown to both sides, and removed by a second click."""

from __future__ import annotations

import time

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.files import attach, photo
from tests.browser.shell import picture, place_of
from tests.browser.threads import open_thread
from tests.harness.cast import Cast

pytestmark = pytest.mark.shown

# The text beside the emoji while the pointer or the focus is on it.
NAMES = "chip => getComputedStyle(chip, '::after').content"


@pytest.mark.parametrize("width", [390, 1280])
async def test_both_sides_see_a_reaction_and_who_made_it(cast: Cast, open_page: OpenPage, width: int) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    theirs = await open_thread(open_page, customer, where, viewport={"width": width, "height": 800})
    shop = await open_thread(open_page, cast.olivia, where)
    await theirs.write("Is it blue?")

    await shop.said("Is it blue?").hover()
    await shop.said("Is it blue?").get_by_role("button", name="Message actions").click()
    await shop.root.get_by_role("menuitemcheckbox", name="React with 👍").click()
    chip = theirs.said("Is it blue?").get_by_role("button", name="👍 by Olivia Brand")
    await expect(chip).to_be_visible()
    await expect(chip).to_have_attribute("aria-pressed", "false")

    await chip.click()
    both = theirs.said("Is it blue?").get_by_role("button", name="👍 by Olivia Brand, You")
    await expect(both).to_have_attribute("aria-pressed", "true")
    await expect(shop.said("Is it blue?").locator(".reaction")).to_contain_text("2")

    await both.click()
    await expect(chip).to_have_attribute("aria-pressed", "false")
    await shop.said("Is it blue?").locator(".reaction").click()
    await expect(theirs.said("Is it blue?").locator(".reaction")).to_have_count(0)


async def double_tap(page: Page, target: Locator) -> None:
    """Tap twice within 0.2 s by the times of the events, however long the browser takes to process them."""
    box = await place_of(target)
    point = {"x": box["x"] + 20, "y": box["y"] + 10}
    debugger = await page.context.new_cdp_session(page)
    began = time.time()
    for after, kind in ((0.0, "touchStart"), (0.05, "touchEnd"), (0.15, "touchStart"), (0.2, "touchEnd")):
        points = [point] if kind == "touchStart" else []
        await debugger.send(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": points, "timestamp": began + after}
        )


async def test_two_taps_react_and_names_are_shown(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    await cast.olivia.send(where, "Welcome")
    phone = await open_thread(
        open_page,
        customer,
        where,
        viewport={"width": 390, "height": 800},
        has_touch=True,
        color_scheme="dark",
    )
    await double_tap(phone.page, phone.said("Welcome").locator(".bubble"))
    chip = phone.said("Welcome").locator(".reaction")
    await expect(chip).to_contain_text("👍")
    await picture(phone.page, "reactions-dark-390")
    await attach(phone, photo("now.jpg"), choice="Take a photo")  # a page as a phone shows it
    await expect(phone.root.get_by_role("button", name="Remove now.jpg")).to_be_visible()

    shop = await open_thread(open_page, cast.olivia, where)
    await shop.said("Welcome").locator(".reaction").hover()
    assert customer.name in await shop.said("Welcome").locator(".reaction").evaluate(NAMES)
    await shop.page.mouse.move(0, 0)
    assert await shop.said("Welcome").locator(".reaction").evaluate(NAMES) == "none"
    await shop.said("Welcome").locator(".reaction").focus()
    assert customer.name in await shop.said("Welcome").locator(".reaction").evaluate(NAMES)


async def test_a_reaction_by_keyboard(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    await cast.olivia.send(where, "Welcome")
    theirs = await open_thread(open_page, customer, where)
    row = theirs.said("Welcome")
    await row.focus()
    await theirs.page.keyboard.press("Enter")
    await expect(theirs.root.get_by_role("menuitemcheckbox", name="React with 👍")).to_be_focused()
    await theirs.page.keyboard.press("ArrowRight")
    await theirs.page.keyboard.press("Enter")
    await expect(row.locator(".reaction")).to_contain_text("❤️")
    await expect(row).to_be_focused()


async def test_reactions_stand_there_when_the_page_opens(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    sent = await cast.olivia.send(where, "Welcome")
    message_id = sent["id"] if "id" in sent else sent["message"]["id"]
    await customer.rest.request("PUT", f"/chat/messages/{message_id}/reactions/🎉")
    theirs = await open_thread(open_page, customer, where)
    await expect(theirs.said("Welcome").get_by_role("button", name="🎉 by You")).to_be_visible()
