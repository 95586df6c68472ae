"""The list of a long inbox with several businesses and unsent drafts."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.browser.conftest import SignedIn
from tests.browser.shell import (
    entry,
    newcomer_with_conversation,
    pane,
    place_of,
    ready,
    shown,
    two_frames,
)
from tests.harness.cast import Cast, Person

pytestmark = pytest.mark.shown

# A member of two new businesses, and customers who have all written.
SHOPS = """
from django.contrib.auth import get_user_model
from conversations import operations
from conversations.models import Business, Membership
from conversations.requests import SendBody
users = get_user_model().objects
member = users.get(username={member!r})
shops = []
for name in ("Anvils", "Bellows"):
    shops.append(Business.objects.create(name=name, slug=f"{{member.username}}-{{name.lower()}}"))
    Membership.objects.create(business=shops[-1], user=member, role="agent")
for number in range({many}):
    customer = users.create(username=f"{{member.username}}-c{{number}}", first_name="Customer", last_name=str(number))
    conversation, _, _ = operations.open_conversation(user_id=customer.pk, business_id=str(shops[number % 2].pk))
    body = SendBody(content=f"Question {{number}}")
    operations.send_message(sender_id=customer.pk, conversation_id=conversation.pk, body=body)
"""


def rows(page: Page) -> Locator:
    return page.locator("[data-list-screen] [data-id]")


async def keeper(cast: Cast, many: int) -> Person:
    member = await cast.newcomer()
    code = SHOPS.format(member=member.name, many=many)
    await asyncio.to_thread(cast.stage.deployment.shell, code)
    return member


async def test_the_rows_scroll_and_load_more_by_themselves(cast: Cast, signed_in: SignedIn) -> None:
    member = await keeper(cast, 34)
    for size in ({"width": 390, "height": 844}, {"width": 1280, "height": 600}):
        page = await ready(await signed_in(member.name, viewport=size))
        await expect(rows(page)).to_have_count(30)
        for name in ("All", "Unread", "Archived"):
            assert (await place_of(shown(page, name)))["height"] >= 24
        bar = await place_of(page.get_by_role("navigation", name="Filter conversations"))
        assert bar["y"] + bar["height"] <= (await place_of(rows(page).first))["y"]
        await rows(page).last.scroll_into_view_if_needed()
        await expect(rows(page)).to_have_count(34)
        await expect(page.get_by_role("searchbox", name="Search")).to_be_in_viewport()
        await expect(shown(page, "All")).to_be_in_viewport()


async def test_the_next_page_waits_for_the_first_one_of_new_filters(cast: Cast, signed_in: SignedIn) -> None:
    member = await keeper(cast, 34)
    [newest] = (await member.rest.get("/chat/conversations", limit=1))["results"]
    await member.rest.patch(f"/chat/conversations/{newest['id']}", {"archived": True})
    page = await ready(await signed_in(member.name))
    await expect(rows(page)).to_have_count(30)
    gate = asyncio.Event()

    async def slowly(route: Route) -> None:
        await gate.wait()
        await route.continue_()

    await page.route(re.compile(r"/chat/conversations\?"), slowly)
    await shown(page, "Archived").click()
    await expect(rows(page)).to_have_count(0)  # so the end of the list is in view
    await two_frames(page)
    gate.set()
    await expect(entry(page, "Customer 33")).to_be_visible()


async def test_a_member_of_two_businesses_tells_them_apart(cast: Cast, signed_in: SignedIn) -> None:
    member = await keeper(cast, 4)
    page = await ready(await signed_in(member.name))
    await expect(rows(page)).to_have_count(4)
    await expect(entry(page, "Customer 1")).to_contain_text("Bellows")
    await page.get_by_label("Business", exact=True).select_option(label="Anvils")
    await expect(rows(page)).to_have_count(2)
    await expect(page).to_have_url(re.compile("business="))
    await page.reload()
    await ready(page)
    await expect(rows(page)).to_have_count(2)
    await entry(page, "Customer 2").get_by_role("link").click()
    await expect(pane(page).locator(".thread-name")).to_have_text("Customer 2 · Anvils")


async def test_a_draft_stays_with_its_conversation_and_shows_in_the_list(
    cast: Cast, signed_in: SignedIn
) -> None:
    first, _ = await newcomer_with_conversation(cast, "number one")
    second, _ = await newcomer_with_conversation(cast, "number two")
    page = await ready(await signed_in("olivia"))
    await entry(page, first.name).get_by_role("link").click()
    field = pane(page).get_by_role("textbox", name="Message")
    await field.fill("Dear <b>first</b>,\nwe")
    await entry(page, second.name).get_by_role("link").click()
    await expect(pane(page)).to_contain_text("number two")
    await expect(field).to_have_value("")
    await expect(entry(page, first.name)).to_contain_text("Draft: Dear <b>first</b>, we")
    await expect(entry(page, second.name).get_by_text("Draft:")).to_be_hidden()
    await entry(page, first.name).get_by_role("link").click()
    await expect(field).to_have_value("Dear <b>first</b>,\nwe")
    await field.press("Enter")
    await expect(pane(page)).to_contain_text("we")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await expect(entry(page, first.name).get_by_text("Draft:")).to_be_hidden()


async def test_nothing_is_said_to_be_missing_before_it_was_looked_for(
    cast: Cast, signed_in: SignedIn
) -> None:
    customer, _ = await newcomer_with_conversation(cast, "hidden among many")
    page = await ready(await signed_in("olivia", "/app?show=archived"))
    gate = asyncio.Event()

    async def slowly(route: Route) -> None:
        await gate.wait()
        await route.continue_()

    await page.route(re.compile(r"/chat/conversations\?"), slowly)
    await page.get_by_role("searchbox", name="Search").fill("no such words at all")
    await expect(page.locator("[data-list-empty]")).to_have_text("Loading…", use_inner_text=True)
    gate.set()
    await expect(page.get_by_text("Nothing found")).to_be_visible()
    await page.get_by_role("search").get_by_role("link", name="Clear the search").click()
    await expect(page.get_by_role("searchbox", name="Search")).to_have_value("")
    await shown(page, "All").click()
    await expect(entry(page, customer.name)).to_be_visible()

    await page.route(
        re.compile(r"/chat/conversations\?"), lambda route: route.fulfill(status=503, body=json.dumps({}))
    )
    page.allowed.append("503")  # type: ignore[attr-defined]
    await page.get_by_role("searchbox", name="Search").fill("words that nobody could look for")
    await expect(page.get_by_role("button", name="Try again")).to_be_visible()
    await expect(page.get_by_text("Nothing found")).to_be_hidden()
    await page.unroute_all()
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_text("Nothing found")).to_be_visible()
