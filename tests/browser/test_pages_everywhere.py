"""The pages at any size, with the keyboard, and on paper."""

from __future__ import annotations

import re
from typing import Final

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenPage, SignedIn
from tests.browser.shell import PHONE, entry, newcomer_with_conversation, pane, place_of, ready
from tests.browser.targets import small_targets
from tests.browser.test_bell import make_offer
from tests.harness.backend import Deployment
from tests.harness.cast import BUSINESS, Cast

pytestmark = pytest.mark.shown

INK: Final = """
(selector) => getComputedStyle(document.querySelector(selector)).color.match(/\\d+/g).slice(0, 3).map(Number)
"""
SAY: Final = """
from conversations.operations import send_message
from conversations.requests import SendBody
for number in range(230):
    send_message(sender_id={sender}, conversation_id="{where}", body=SendBody(content=f"Line {{number}}"))
"""


async def test_the_settings_fit_a_low_screen(cast: Cast, signed_in: SignedIn) -> None:
    customer, _ = await newcomer_with_conversation(cast)
    page = await ready(await signed_in(customer.name, viewport={"width": 640, "height": 360}))
    await page.get_by_title("Settings").click()
    leave = page.get_by_role("button", name="Sign out")
    await leave.scroll_into_view_if_needed()
    await expect(leave).to_be_in_viewport(ratio=1)


async def test_nobody_finds_their_own_business(cast: Cast, signed_in: SignedIn) -> None:
    page = await ready(await signed_in("olivia", "/app/find"))
    found = page.get_by_role("list", name="Businesses")
    await expect(found.get_by_role("button", name=BUSINESS)).to_have_count(0)
    await page.get_by_role("searchbox", name="Name of the business").fill("Northwind")
    await expect(page.locator("[data-found-empty]")).to_be_visible()
    await expect(found.get_by_role("button", name=BUSINESS)).to_have_count(0)


async def test_unread_conversations_are_counted_alike(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast)
    for text in ("One", "Two", "Three"):
        await cast.olivia.send(conversation["id"], text)
    page = await ready(await signed_in(customer.name))
    await expect(page).to_have_title(re.compile(r"^\(1\) "))
    await expect(page.locator("[data-unread-total]")).to_have_text("1")
    await expect(entry(page, BUSINESS).locator("[data-field=count]")).to_have_text("3")


async def test_a_phone_has_headings_targets_and_ways_to_skip(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Hello")
    page = await ready(await signed_in(customer.name, f"/app/c/{conversation['id']}", **PHONE))
    await expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert await small_targets(page) == []
    await page.locator(".skip:visible, .skip").nth(0).evaluate("() => document.activeElement.blur()")
    await page.evaluate("() => document.body.focus()")
    await page.keyboard.press("Tab")
    await expect(page.locator(":focus")).to_have_text("Skip to content")
    await page.keyboard.press("Tab")
    await expect(page.locator(":focus")).to_have_text("Write a message")
    await page.keyboard.press("Enter")
    await expect(pane(page).get_by_role("textbox", name="Message")).to_be_focused()
    await page.goto(page.url.partition("/app")[0] + "/app")
    await ready(page)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("#side")).to_be_focused()


async def test_a_finger_finds_every_control(cast: Cast, signed_in: SignedIn) -> None:
    _, conversation = await newcomer_with_conversation(cast, "Hello")
    await make_offer(cast, conversation["id"])
    page = await ready(await signed_in("olivia", "/app", **PHONE))
    assert await small_targets(page) == []
    home = page.url.partition("/app")[0]
    for path in (f"/app/c/{conversation['id']}", "/app/find", "/app/notification-settings"):
        await page.goto(home + path)
        if "/c/" in path:
            await ready(page)
            await expect(pane(page).get_by_role("button", name="Withdraw")).to_be_visible()
        assert await small_targets(page) == []


async def test_the_whole_conversation_is_printed(
    cast: Cast, deployment: Deployment, signed_in: SignedIn
) -> None:
    customer, conversation = await newcomer_with_conversation(cast)
    deployment.shell(SAY.format(sender=customer.id, where=conversation["id"]))
    await cast.olivia.send(conversation["id"], "A long answer. " * 150 + "And this is the very end.")
    page = await ready(await signed_in("olivia", f"/app/c/{conversation['id']}"))
    await pane(page).get_by_role("button", name="Conversation actions").click()
    await page.get_by_role("menuitem", name="Print").click()
    await expect(page.get_by_role("button", name="Print")).to_be_visible()
    await page.emulate_media(media="print")
    await expect(page.get_by_text(re.compile(r"^Line \d+$"))).to_have_count(230)
    await expect(page.get_by_role("button", name="Print")).to_be_hidden()
    await expect(page.get_by_text("the very end.", exact=False)).to_be_visible()
    await expect(page.get_by_text("Olivia Brand", exact=True)).to_be_visible()
    await page.emulate_media(media="print", color_scheme="dark")
    inks = [await page.evaluate(INK, selector) for selector in (".bubble-text", ".is-mine .bubble-text")]
    assert max(map(max, inks)) < 64  # dark on paper, also from a dark screen
    assert await page.evaluate("document.documentElement.scrollHeight") > 4_000


async def test_an_unknown_address_leads_back(cast: Cast, signed_in: SignedIn) -> None:
    customer, _ = await newcomer_with_conversation(cast)
    page = await signed_in(customer.name)
    page.allowed.append("404")  # type: ignore[attr-defined]
    await page.goto(page.url.partition("/app")[0] + "/no/such/page")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await page.get_by_role("link", name="Back to your conversations").click()
    await expect(entry(page, BUSINESS)).to_be_visible()


async def test_the_landing_page_speaks_from_the_visitors_side(
    deployment: Deployment, open_page: OpenPage
) -> None:
    page = await open_page(deployment.server(0).url)
    question = await place_of(page.locator(".sample .bubble").first)
    answer = await place_of(page.locator(".sample .bubble").nth(1))
    assert question["x"] + question["width"] > answer["x"] + answer["width"]
    edges = {
        round((await place_of(page.locator(selector)))["x"])
        for selector in (".brand", ".pitch h1", ".landing > .footer a")
    }
    assert len(edges) == 1
