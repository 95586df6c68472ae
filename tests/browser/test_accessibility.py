"""Keyboard, screen reader, small screens, and right-to-left text."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import ViewportSize, expect

from tests.browser.axe import assert_accessible
from tests.browser.conftest import OpenPage, SignedIn
from tests.browser.shell import assert_fits, entry, newcomer_with_conversation, pane, place_of, ready, write
from tests.browser.test_bell import make_offer
from tests.harness.backend import Deployment
from tests.harness.cast import Cast
from tests.harness.client import LiveClient

pytestmark = pytest.mark.shown

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
NOBODY = "00000000-0000-4000-8000-000000000000"
FREEZE = """
from django.utils import timezone
from conversations.models import Conversation
Conversation.objects.filter(pk="{where}").update(frozen_at=timezone.now())
"""


@asynccontextmanager
async def typing_on(live: LiveClient, conversation_id: str) -> AsyncIterator[None]:
    """Repeat `typing_start` as a client does: each one expires, and a page that joins later has missed the first."""

    async def type_on() -> None:
        while True:
            await live.call("typing_start", {"conversationId": conversation_id})
            await asyncio.sleep(1.5)

    typist = asyncio.create_task(type_on())
    try:
        yield
    finally:
        typist.cancel()


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_every_screen_is_accessible(
    cast: Cast, signed_in: SignedIn, open_page: OpenPage, axe_source: str, theme: str
) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Is everybody able to read this?")
    await make_offer(cast, conversation["id"])
    size = PHONE if theme == "light" else DESKTOP
    landing = await open_page(cast.stage.deployment.server(0).url, color_scheme=theme, viewport=size)
    await assert_accessible(landing, axe_source)
    await assert_fits(landing)
    page = await ready(await signed_in(customer.name, color_scheme=theme, viewport=size))
    await page.emulate_media(reduced_motion="reduce")
    await assert_accessible(page, axe_source)
    await page.locator("[data-bell]").click()
    await expect(page.get_by_role("button", name="Accept")).to_be_visible()
    await assert_accessible(page, axe_source)
    await page.keyboard.press("Escape")
    await page.get_by_label("Settings", exact=True).first.click()
    await assert_accessible(page, axe_source)
    await page.keyboard.press("Escape")
    await entry(page, "Northwind Cycles").get_by_role("link").click()
    await expect(pane(page)).to_contain_text("Is everybody able to read this?")
    await assert_accessible(page, axe_source)
    await assert_fits(page)
    page.allowed.append("404")  # type: ignore[attr-defined]
    for path in (
        "/app/find",
        "/app/find?q=nobody+at+all",
        "/app/notifications",
        "/api/events",
        f"/app/c/{NOBODY}",
        "/nowhere",
    ):
        await page.goto(customer.rest.url + path)
        await assert_accessible(page, axe_source)
        await assert_fits(page)
        await page.set_viewport_size({"width": 320, "height": 844})
        await assert_fits(page)
        await page.set_viewport_size(size)


async def every_kind(cast: Cast) -> str:
    """Provide a conversation with a message of each kind."""
    customer, conversation = await newcomer_with_conversation(cast, "🚲")
    where = conversation["id"]
    asked = await customer.send(where, "See https://elsewhere.example/a?b=c")
    mine = await cast.olivia.send(where, "I shall.", replyTo=asked["id"])
    await cast.olivia.rest.patch(f"/chat/messages/{mine['id']}", {"content": "I have seen it."})
    gone = await cast.olivia.send(where, "Never mind")
    await cast.olivia.rest.delete(f"/chat/messages/{gone['id']}")
    await cast.amir.send(where, "https://elsewhere.example/frame.png", messageType="image")
    await make_offer(cast, where)
    return str(where)


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_everything_in_a_conversation_is_accessible(
    cast: Cast, deployment: Deployment, signed_in: SignedIn, axe_source: str, theme: str
) -> None:
    """Check each kind of message in each state, and what opens over them."""
    where = await every_kind(cast)
    await cast.olivia.rest.patch(f"/chat/conversations/{where}/read")  # so that none of it interferes below
    size = DESKTOP if theme == "light" else PHONE
    look: dict[str, Any] = {"color_scheme": theme, "viewport": size, "reduced_motion": "reduce"}
    page = await ready(await signed_in("olivia", f"/app/c/{where}", **look))
    await expect(pane(page).get_by_role("region", name="Offer")).to_be_visible()
    await write(page, "Just sent")
    await expect(pane(page).get_by_role("img", name="Sent").last).to_be_visible()
    await page.wait_for_load_state("networkidle")  # so that nothing in transit announces the next step
    await asyncio.to_thread(deployment.shell, FREEZE.format(where=where))
    await pane(page).get_by_role("textbox", name="Message").fill("Too late")
    await pane(page).get_by_role("button", name="Send").click()
    await expect(pane(page).locator(".failure")).to_be_visible()
    await assert_accessible(page, axe_source)
    message = pane(page).locator(".is-mine").filter(has_text="I have seen it.")
    await message.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menu")).to_be_visible()
    await assert_accessible(page, axe_source)
    await page.get_by_role("menuitem", name="Delete").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await assert_accessible(page, axe_source)
    await page.keyboard.press("Escape")
    await message.get_by_role("button", name="edited").click()
    await expect(page.get_by_role("dialog", name="Edit history")).to_contain_text("I shall.")
    await assert_accessible(page, axe_source)
    await assert_fits(page)


async def test_nothing_moves_with_reduced_motion(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "hello")
    page = await ready(await signed_in("olivia", f"/app/c/{conversation['id']}", reduced_motion="reduce"))
    live = await customer.live()
    longest = """() => Math.max(0, ...document.getAnimations({subtree: true}).map((one) => {
        const {duration, iterations} = one.effect.getComputedTiming();
        return duration * iterations;
    }))"""
    async with typing_on(live, conversation["id"]):
        await expect(pane(page).locator(".row-typing")).to_be_visible()
        assert await page.evaluate(longest) <= 1
        await page.emulate_media(reduced_motion="no-preference")
        assert await page.evaluate(longest) > 1


async def test_the_second_language_fits_and_speaks_everywhere(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Guten Tag")
    await make_offer(cast, conversation["id"])
    page = await ready(await signed_in(customer.name, "/app", locale="de-DE", viewport=PHONE))
    await page.locator("[data-bell]").click()
    await expect(page.get_by_role("button", name="Annehmen")).to_be_visible()
    heading = page.get_by_role("heading", name="Benachrichtigungen")
    assert (await place_of(heading))["height"] < 40  # one line
    await assert_fits(page)
    await page.get_by_role("button", name="Alle als gelesen markieren").click()
    await expect(page.get_by_role("button", name="Alle als gelesen markieren")).to_be_hidden()
    await page.get_by_role("button", name="Schließen").click()
    await entry(page, "Northwind Cycles").get_by_role("link").click()
    await expect(pane(page).get_by_role("textbox", name="Nachricht")).to_be_visible()
    await expect(pane(page).get_by_text("49,00 €")).to_be_visible()
    await assert_fits(page)


async def test_the_keyboard_is_enough(cast: Cast, signed_in: SignedIn) -> None:
    older, _ = await newcomer_with_conversation(cast, "the older one")
    newer, conversation = await newcomer_with_conversation(cast, "the newer one")
    page = await ready(await signed_in("olivia"))
    await expect(page.locator("[data-list-screen] [data-id]").first).to_contain_text(newer.name)
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    await page.keyboard.press("/")
    await expect(page.get_by_role("searchbox", name="Search")).to_be_focused()
    for _ in range(12):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.matches('[data-row]')"):
            break
    await expect(entry(page, newer.name).get_by_role("link")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(entry(page, older.name).get_by_role("link")).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(conversation["id"]))
    await expect(pane(page).get_by_role("textbox", name="Message")).to_be_focused()
    await page.keyboard.press("Alt+ArrowDown")
    await expect(pane(page)).to_contain_text("the older one")
    await page.keyboard.press("Escape")
    await expect(entry(page, older.name).get_by_role("link")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(pane(page)).to_have_count(0)
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


async def test_a_phone_shows_the_list_or_the_conversation(cast: Cast, signed_in: SignedIn) -> None:
    _, conversation = await newcomer_with_conversation(cast)
    customer, _ = await newcomer_with_conversation(cast, "from my phone")
    page = await ready(await signed_in("amir", viewport=PHONE, has_touch=True))
    await expect(page.locator("[data-main]")).to_be_hidden()
    await assert_fits(page)
    await entry(page, customer.name).get_by_role("link").tap()
    await expect(pane(page)).to_contain_text("from my phone")
    await expect(page.locator("[data-side-column]")).to_be_hidden()
    await assert_fits(page)
    await page.get_by_role("link", name="Back").or_(page.get_by_role("button", name="Back")).first.tap()
    await expect(page.locator("[data-side-column]")).to_be_visible()
    await expect(page.locator("[data-main]")).to_be_hidden()
    await page.goto(f"{page.url.split('/app')[0]}/app/c/{conversation['id']}")
    await expect(page.locator("[data-side-column]")).to_be_hidden()


async def test_right_to_left_is_the_mirror_image(cast: Cast, signed_in: SignedIn) -> None:
    customer, _ = await newcomer_with_conversation(cast, "مرحبا")
    page = await ready(await signed_in("amir"))
    await page.evaluate("document.documentElement.dir = 'rtl'")
    side = await page.locator("[data-side-column]").bounding_box()
    main = await page.locator("[data-main]").bounding_box()
    assert side is not None
    assert main is not None
    assert side["x"] >= main["x"] + main["width"] - 1
    avatar = await entry(page, customer.name).locator(".avatar").bounding_box()
    name = await entry(page, customer.name).locator(".entry-name").bounding_box()
    assert avatar is not None
    assert name is not None
    assert avatar["x"] > name["x"]
    await assert_fits(page)
