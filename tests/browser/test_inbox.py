"""The shared inbox, live: previews, badges, filters, search, addresses, presence."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import SignedIn
from tests.browser.shell import entry, newcomer_with_conversation, pane, ready, shown, write
from tests.harness.cast import Cast


async def test_two_people_talk_and_both_lists_follow(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Good morning")
    other, _ = await newcomer_with_conversation(cast, "I came later")
    inbox = await ready(await signed_in("olivia", server=1))
    rows = inbox.locator("[data-list-screen] [data-id]")
    await expect(rows.first).to_contain_text(other.name)

    asking = await ready(await signed_in(customer.name, f"/app/c/{conversation['id']}"))
    await write(asking, "Is it open on Sunday?")
    await expect(rows.first).to_contain_text(customer.name)
    await expect(entry(inbox, customer.name)).to_contain_text("Is it open on Sunday?")
    await expect(entry(inbox, customer.name).locator("[data-field=count]")).to_have_text("2")
    await expect(inbox).to_have_title(re.compile(r"^\(\d+\) "))

    await entry(inbox, customer.name).get_by_role("link").click()
    await expect(pane(inbox)).to_contain_text("Is it open on Sunday?")
    await expect(entry(inbox, customer.name).locator("[data-field=unread]")).to_be_hidden()
    await write(inbox, "From ten to four.")
    await expect(pane(asking)).to_contain_text("From ten to four.")
    await expect(entry(asking, "Northwind Cycles")).to_contain_text("From ten to four.")
    await expect(entry(asking, "Northwind Cycles").locator("[data-field=sender]")).to_be_hidden()
    await expect(entry(inbox, customer.name).locator("[data-field=sender]")).to_have_text("You")
    await expect(entry(inbox, customer.name).locator("[data-field=tick]")).to_have_attribute(
        "data-status", "read"
    )


@pytest.mark.shown
async def test_filters_and_search(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "A purple unicycle, please")
    inbox = await ready(await signed_in("olivia"))
    await inbox.get_by_role("searchbox", name="Search").fill("purple UNI")
    await expect(entry(inbox, customer.name)).to_be_visible()
    await expect(inbox.locator("[data-list-screen] [data-id]")).to_have_count(1)
    await expect(inbox).to_have_url(re.compile(r"q=purple"))
    await inbox.reload()
    await expect(inbox.locator("[data-list-screen] [data-id]")).to_have_count(1)
    await ready(inbox)
    await inbox.get_by_role("searchbox", name="Search").fill(customer.name)
    await shown(inbox, "Unread").click()
    await expect(entry(inbox, customer.name)).to_be_visible()
    await cast.olivia.rest.patch(f"/chat/conversations/{conversation['id']}/read")
    await expect(entry(inbox, customer.name)).to_be_hidden()
    await expect(inbox.get_by_text("Nothing found")).to_be_visible()


@pytest.mark.shown
async def test_archiving_puts_away_until_the_next_message(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Please archive me")
    inbox = await ready(await signed_in("olivia", f"/app/c/{conversation['id']}"))
    await pane(inbox).get_by_role("button", name="Archive").click()
    await expect(entry(inbox, customer.name)).to_be_hidden()
    await expect(pane(inbox)).to_have_count(0)
    await inbox.get_by_role("button", name="Undo").click()
    await expect(entry(inbox, customer.name)).to_be_visible()
    await entry(inbox, customer.name).get_by_role("link").click()
    await pane(inbox).get_by_role("button", name="Archive").click()
    await shown(inbox, "Archived").click()
    await expect(entry(inbox, customer.name)).to_be_visible()
    await customer.send(conversation["id"], "Here I am again")
    await expect(entry(inbox, customer.name)).to_be_hidden()
    await shown(inbox, "All").click()
    await expect(entry(inbox, customer.name)).to_contain_text("Here I am again")


@pytest.mark.shown
async def test_addresses_and_history(cast: Cast, signed_in: SignedIn) -> None:
    first, one = await newcomer_with_conversation(cast, "number one")
    second, two = await newcomer_with_conversation(cast, "number two")
    page = await ready(await signed_in("amir"))
    await entry(page, first.name).get_by_role("link").click()
    await expect(page).to_have_url(re.compile(one["id"]))
    await expect(pane(page)).to_contain_text("number one")
    await entry(page, second.name).get_by_role("link").click()
    await expect(pane(page)).to_contain_text("number two")
    await page.go_back()
    await expect(pane(page)).to_contain_text("number one")
    await expect(page).to_have_title(re.compile(first.name))
    await page.go_back()
    await expect(pane(page)).to_have_count(0)
    await expect(page.get_by_role("heading", name="Pick a conversation")).to_be_visible()
    await page.go_forward()
    await page.go_forward()
    await expect(page).to_have_url(re.compile(two["id"]))
    await expect(pane(page)).to_contain_text("number two")
    await page.reload()
    await expect(pane(page)).to_contain_text("number two")


@pytest.mark.shown
async def test_a_customer_finds_a_business_and_is_seen_online(cast: Cast, signed_in: SignedIn) -> None:
    inbox = await ready(await signed_in("olivia", server=1))
    customer = await cast.newcomer()
    page = await ready(await signed_in(customer.name))
    await expect(page.get_by_text("No conversations yet")).to_be_visible()
    await page.locator(".side-top").get_by_role("link", name="Find a business").click()
    await page.get_by_role("searchbox", name="Name of the business").fill("no such business")
    await expect(page.get_by_text("No business found")).to_be_visible()
    await page.get_by_role("searchbox", name="Name of the business").fill("northw")
    await page.get_by_role("button", name="Northwind Cycles").click()
    await page.wait_for_url("**/app/c/**")
    await ready(page)
    await write(page, "Hello, I am new here")
    await expect(entry(inbox, customer.name)).to_contain_text("Hello, I am new here")
    await expect(entry(inbox, customer.name).locator("[data-field=online]")).to_be_visible()


@pytest.mark.shown
async def test_a_foreign_conversation_is_not_found(cast: Cast, signed_in: SignedIn) -> None:
    _, conversation = await newcomer_with_conversation(cast, "private")
    page = await signed_in("amir", "/app")
    stranger = await cast.newcomer()
    page = await ready(await signed_in(stranger.name))
    page.allowed.append("404")  # type: ignore[attr-defined]
    await page.goto(f"{page.url}/c/{conversation['id']}")
    await expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    assert "private" not in await page.content()


@pytest.mark.shown
async def test_one_key_edits_and_another_archives(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast)
    await cast.olivia.send(conversation["id"], "From ten to fuor.")
    page = await ready(await signed_in("olivia", f"/app/c/{conversation['id']}"))
    message = pane(page).locator(".row-message").filter(has_text="From ten to fuor.")
    field = pane(page).get_by_role("textbox", name="Message")
    await message.focus()
    await page.keyboard.press("e")
    await expect(field).to_have_value("From ten to fuor.")
    await expect(entry(page, customer.name)).to_be_visible()
    await field.fill("From ten to four.")
    await field.press("Enter")
    await expect(pane(page).get_by_text("From ten to four.", exact=True)).to_be_visible()
    await entry(page, customer.name).get_by_role("link").focus()
    await page.keyboard.press("e")
    await expect(field).to_have_value("")
    await page.keyboard.press("a")
    await expect(entry(page, customer.name)).to_be_hidden()
    await page.get_by_role("button", name="Undo").click()
    await expect(entry(page, customer.name)).to_be_visible()
