"""A screen that waits shows the outline of what comes, and an empty one says what to do next."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import SignedIn
from tests.browser.shell import entry, newcomer_with_conversation, pane, ready, shown
from tests.harness.cast import BUSINESS, Cast

pytestmark = pytest.mark.shown


async def test_a_slow_conversation_shows_its_outline(cast: Cast, signed_in: SignedIn) -> None:
    customer, _ = await newcomer_with_conversation(cast, "Here at last")
    page = await ready(await signed_in("olivia"))
    gate = asyncio.Event()

    async def slowly(route: Route) -> None:
        await gate.wait()
        await route.continue_()

    await page.route("**/thread", slowly)
    await entry(page, customer.name).get_by_role("link").click()
    await expect(page.locator(".skeleton")).to_be_visible()
    await expect(page.locator("[data-main]")).to_have_attribute("aria-busy", "true")
    gate.set()
    await expect(pane(page)).to_contain_text("Here at last")
    await expect(page.locator(".skeleton")).to_have_count(0)


async def test_a_customer_without_conversations_is_led_to_a_business(cast: Cast, signed_in: SignedIn) -> None:
    customer = await cast.newcomer()
    page = await ready(await signed_in(customer.name, viewport={"width": 390, "height": 844}))
    empty = page.locator("[data-list-empty]")
    await expect(empty).to_contain_text("No conversations yet")
    await empty.get_by_role("link", name="Find a business").click()
    await page.get_by_role("searchbox", name="Name of the business").fill("Northwind")
    await expect(page.get_by_role("button", name=BUSINESS)).to_be_visible()


async def test_an_empty_filter_and_an_empty_search_lead_back(cast: Cast, signed_in: SignedIn) -> None:
    customer, _ = await newcomer_with_conversation(cast, "Hello")
    page = await ready(await signed_in(customer.name))
    empty = page.locator("[data-list-empty]")
    await shown(page, "Archived").click()
    await expect(empty).to_contain_text("No archived conversations")
    await empty.get_by_role("link", name="Show all conversations").click()
    await expect(entry(page, BUSINESS)).to_be_visible()
    await expect(page).to_have_url(re.compile("/app$"))
    await expect(shown(page, "All")).to_be_focused()
    await page.get_by_role("searchbox", name="Search").fill("no such words")
    await expect(empty).to_contain_text("Nothing found")
    await empty.get_by_role("link", name="Clear the search").click()
    await expect(entry(page, BUSINESS)).to_be_visible()


async def test_filters_of_the_team_without_a_match_lead_back(cast: Cast, signed_in: SignedIn) -> None:
    customer, _ = await newcomer_with_conversation(cast, "Hello")
    page = await ready(await signed_in("olivia", "/app?status=pending&priority=low"))
    empty = page.locator("[data-list-empty]")
    await expect(empty).to_contain_text("No conversation matches these filters")
    await empty.get_by_role("link", name="Show all conversations").click()
    await expect(entry(page, customer.name)).to_be_visible()
    await expect(page.get_by_role("combobox", name="Status")).to_have_value("")
    await expect(page.get_by_role("combobox", name="Priority")).to_have_value("")
