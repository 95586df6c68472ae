"""A phone without network, and a person who was signed out elsewhere: every page leads on and shows nothing false."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.conftest import SignedIn
from tests.browser.shell import PHONE, entry, loaded, newcomer_with_conversation, pane, ready
from tests.harness.cast import Cast
from tests.harness.patience import patience

pytestmark = pytest.mark.shown


async def test_conversations_open_again_by_themselves(cast: Cast, signed_in: SignedIn) -> None:
    seen, known = await newcomer_with_conversation(cast, "Seen before")
    unseen, _ = await newcomer_with_conversation(cast, "Never opened")
    page = await loaded(await signed_in("olivia", f"/app/c/{known['id']}", **PHONE))
    page.allowed.append("ERR_INTERNET_DISCONNECTED")  # type: ignore[attr-defined]
    await expect(pane(page).get_by_role("textbox", name="Message")).to_be_visible()
    await pane(page).get_by_role("button", name="Back", exact=True).click()
    await page.context.set_offline(True)

    await entry(page, unseen.name).get_by_role("link").click()
    await expect(page.get_by_role("alert")).to_contain_text("could not be loaded")
    await page.get_by_role("button", name="Back to the list").click()
    await entry(page, seen.name).get_by_role("link").click()
    await expect(pane(page).get_by_text("Seen before", exact=True)).to_be_visible()
    await expect(pane(page).get_by_role("textbox", name="Message")).to_be_visible()
    await pane(page).get_by_role("button", name="Back", exact=True).click()

    await entry(page, unseen.name).get_by_role("link").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.context.set_offline(False)
    await expect(pane(page).get_by_text("Never opened", exact=True)).to_be_visible(timeout=patience(20_000))


async def test_signed_out_in_another_tab(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast)
    await cast.olivia.send(conversation["id"], "Hello")
    await cast.olivia.live()
    page = await ready(await signed_in(customer.name, f"/app/c/{conversation['id']}"))
    page.allowed.extend(["401", "403", "WebSocket"])  # type: ignore[attr-defined]
    await expect(pane(page).locator(".thread-presence.is-online")).to_be_visible()
    other = await page.context.new_page()
    await other.goto(page.url)
    await other.get_by_title("Settings").click()
    await other.get_by_role("button", name="Sign out").click()
    await expect(page.locator("[data-banner]")).to_contain_text("signed out", timeout=patience(20_000))
    await expect(pane(page).get_by_role("textbox", name="Message")).to_be_hidden()
    await expect(pane(page).locator(".thread-closed")).to_contain_text("Sign in again")
    await expect(pane(page).locator(".thread-presence.is-online")).to_have_count(0)


async def test_the_way_back_leads_out_of_the_page(cast: Cast, signed_in: SignedIn) -> None:
    """Neither the page's button nor the browser's back button returns to the conversation."""
    customer, conversation = await newcomer_with_conversation(cast, "Here I am")
    page = await signed_in("olivia", "/app/notifications", **PHONE)
    await page.goto(page.url.replace("/app/notifications", f"/app/c/{conversation['id']}"))
    await ready(page)
    await pane(page).get_by_role("button", name="Back", exact=True).click()
    await expect(entry(page, customer.name)).to_be_visible()
    await page.go_back()
    await expect(page.get_by_role("heading", name="Notifications")).to_be_visible()
