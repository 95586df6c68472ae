"""On a phone, whatever a finger presses is at least 44 pixels high, on every screen and in every menu."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urljoin

import pytest
from playwright.async_api import FilePayload, Page, expect

from tests.browser.conftest import OpenScreen
from tests.browser.screens import Screens
from tests.browser.shell import PHONE, assert_fits, pane, picture, ready
from tests.browser.targets import small_targets

pytestmark = pytest.mark.standalone


@pytest.mark.parametrize("number", range(4), ids=["anybody", "customer", "owner", "invited"])
async def test_every_screen(screens: list[Screens], open_screen: OpenScreen, number: int) -> None:
    page = await open_screen(screens[number], "/healthz", **PHONE)
    page.allowed.append("404")  # type: ignore[attr-defined]
    small = {}
    for name, path in screens[number].paths.items():
        await page.goto(urljoin(page.url, path))
        await expect(page.get_by_role("heading").first).to_be_visible()
        if await page.locator("[data-list-screen]").count():
            await ready(page)
        small[name] = await small_targets(page)
        await assert_fits(page)
        await picture(page, name)
    assert {name: found for name, found in small.items() if found} == {}


async def open_settings(page: Page) -> None:
    await page.get_by_label("Settings", exact=True).first.click()
    await expect(page.get_by_role("group", name="Appearance").first).to_be_visible()


async def open_bell(page: Page) -> None:
    await page.locator("[data-bell]").click()
    await expect(page.get_by_role("dialog", name="Notifications")).to_be_visible()


async def open_menu_of_conversation(page: Page) -> None:
    await pane(page).get_by_role("button", name="Conversation actions").click()
    await expect(page.get_by_role("menu")).to_be_visible()


async def open_menu_of_message(page: Page) -> None:
    await pane(page).get_by_role("button", name="Message actions").last.click()
    await expect(page.get_by_role("menu")).to_be_visible()


async def open_emoji(page: Page) -> None:
    await open_menu_of_message(page)
    await page.get_by_role("menuitemcheckbox", name="More emoji").click()
    await expect(page.get_by_role("dialog", name="Choose an emoji")).to_be_visible()


async def open_bar_of_team(page: Page) -> None:
    await pane(page).get_by_text("More", exact=True).click()
    await expect(pane(page).get_by_role("combobox", name="Priority")).to_be_visible()


async def open_assistant(page: Page) -> None:
    await pane(page).locator(".assistant").get_by_text("Assistant", exact=True).click()
    await expect(pane(page).get_by_role("button", name="Summarise")).to_be_visible()


async def begin_note(page: Page) -> None:
    await pane(page).get_by_role("button", name="Private note").click()
    await expect(pane(page).get_by_role("textbox", name="Private note")).to_be_visible()


async def begin_offer(page: Page) -> None:
    await pane(page).get_by_role("button", name="Offer", exact=True).click()
    await expect(page.get_by_role("dialog", name="Make an offer")).to_be_visible()


async def open_customer(page: Page) -> None:
    await pane(page).get_by_role("button", name="Customer").click()
    await expect(page.get_by_role("dialog", name="Customer").get_by_role("heading").first).to_be_visible()
    await expect(page.get_by_role("link", name="carol@mail.example")).to_be_visible()


async def attach_file(page: Page) -> None:
    file: FilePayload = {"name": "plan.txt", "mimeType": "text/plain", "buffer": b"plan"}
    await pane(page).locator("input[type=file]").first.set_input_files([file])
    await expect(pane(page).get_by_text("plan.txt")).to_be_visible()


async def begin_deletion(page: Page) -> None:
    await open_menu_of_message(page)
    await page.get_by_role("menuitem", name="Delete").click()
    await expect(page.get_by_role("dialog")).to_be_visible()


async def begin_edit(page: Page) -> None:
    await open_menu_of_message(page)
    await page.get_by_role("menuitem", name="Edit").click()
    await expect(pane(page).get_by_text("Editing a message")).to_be_visible()


async def begin_report(page: Page) -> None:
    await open_menu_of_message(page)
    await page.get_by_role("menuitem", name="Report").click()
    await expect(page.get_by_role("dialog")).to_be_visible()


async def choose_score(page: Page) -> None:
    await pane(page).get_by_role("radio", name="Good", exact=True).check()
    await expect(pane(page).get_by_role("button", name="Send rating")).to_be_visible()


async def search_messages(page: Page) -> None:
    await page.get_by_role("searchbox", name="Search").fill("thesis")
    await expect(page.locator("mark").first).to_be_visible()


OF_INBOX = (open_settings, open_bell, search_messages)
OF_THREAD = (
    open_menu_of_conversation,
    open_menu_of_message,
    open_emoji,
    open_bar_of_team,
    open_assistant,
    begin_note,
    begin_offer,
    open_customer,
    attach_file,
    begin_deletion,
    begin_edit,
)
OF_CUSTOMER = (begin_report, choose_score)


@pytest.mark.parametrize(
    ("number", "screen", "step"),
    [
        *((2, "inbox", step) for step in OF_INBOX),
        *((2, "thread", step) for step in OF_THREAD),
        *((1, "customer-thread", step) for step in OF_CUSTOMER),
    ],
)
async def test_what_opens_above_a_screen(
    screens: list[Screens],
    open_screen: OpenScreen,
    number: int,
    screen: str,
    step: Callable[[Page], Awaitable[None]],
) -> None:
    person = screens[number]
    page = await ready(await open_screen(person, person.paths[screen], **PHONE))
    await step(page)
    assert await small_targets(page) == []
    await picture(page, step.__name__)
