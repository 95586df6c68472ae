"""On a phone, whatever a finger presses is at least 44 pixels high, on every screen and in every menu."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urljoin

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenScreen
from tests.browser.screens import Screens
from tests.browser.shell import assert_fits, pane, picture, ready

pytestmark = pytest.mark.standalone

PHONE: Final[dict[str, Any]] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
}
# A box belongs to its label, and a first step is one link as a whole. Left out are links in a sentence and in a type
# (WCAG 2.5.8), and reactions, which are 36 pixels high.
SMALL: Final = """
() => {
  const isSeen = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const isText = (node) => node.nodeType === 3 && node.textContent.trim().length > 1;
  const isInSentence = (node) => node.matches("a") && [...node.parentElement.childNodes].some(isText);
  const targetOf = (node) => node.closest(".setup-step") || (node.matches("input") && node.closest("label")) || node;
  const all = "button, select, textarea, summary, a[href], input:not([type=hidden])";
  const targets = new Set([...document.querySelectorAll(all)].filter(isSeen).map(targetOf));
  return [...targets]
    .filter((node) => !node.closest(".visually-hidden, .skip, .reaction, .reference-fields") && !isInSentence(node))
    .map((node) => [node.getBoundingClientRect(), node])
    .filter(([box]) => box.width > 1 && box.height > 0 && box.height < 43.9)
    .map(([box, node]) => [box.height, node.tagName, node.className, node.ariaLabel ?? node.innerText])
    .map((words) => words.join(" ").slice(0, 90));
}
"""


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
        small[name] = await page.evaluate(SMALL)
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


@pytest.mark.parametrize(
    ("screen", "step"),
    [
        ("inbox", open_settings),
        ("inbox", open_bell),
        ("thread", open_menu_of_conversation),
        ("thread", open_menu_of_message),
        ("thread", open_emoji),
    ],
)
async def test_what_opens_above_a_screen(
    screens: list[Screens], open_screen: OpenScreen, screen: str, step: Callable[[Page], Awaitable[None]]
) -> None:
    owner = screens[2]
    page = await ready(await open_screen(owner, owner.paths[screen], **PHONE))
    await step(page)
    assert await page.evaluate(SMALL) == []
    await picture(page, step.__name__)
