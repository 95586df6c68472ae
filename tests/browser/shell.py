"""What tests do with the page's shell and look for in it, named as a person would."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from playwright.async_api import FloatRect, Locator, Page

from tests.harness.cast import Cast, Person
from tests.harness.rest import Json

# A context of a phone.
PHONE: Final[dict[str, Any]] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
}


async def ready(page: Page) -> Page:
    """Wait until the scripts have started. The socket and the list may still be on their way."""
    await page.locator("html[data-ready]").wait_for(state="attached")
    return page


async def loaded(page: Page) -> Page:
    """Wait until the list has its first answer. A test that cuts the network earlier cuts this request."""
    await page.locator("[data-list-screen][data-loaded]").wait_for(state="attached")
    return page


async def two_frames(page: Page) -> None:
    """Wait until the page has drawn what it knows now, and what followed from that."""
    await page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def entry(page: Page, name: str) -> Locator:
    """Return the list's row of this person or business."""
    return page.locator("[data-list-screen] [data-id]").filter(has=page.get_by_text(name, exact=True))


def pane(page: Page) -> Locator:
    return page.locator(".pane")


async def place_of(seen: Locator) -> FloatRect:
    """Return the position on the screen. Fail if the element is not visible."""
    box = await seen.bounding_box()
    assert box is not None
    return box


async def write(page: Page, text: str) -> None:
    """Write a message into the open conversation, and send it."""
    await pane(page).get_by_role("textbox", name="Message").fill(text)
    await pane(page).get_by_role("button", name="Send").click()


async def newcomer_with_conversation(cast: Cast, first_words: str | None = None) -> tuple[Person, Json]:
    """Return a new customer that no other test uses, and the conversation with the business."""
    person = await cast.newcomer()
    conversation = await cast.conversation(person)
    if first_words:
        await person.send(conversation["id"], first_words)
    return person, conversation


def shown(page: Page, what: str) -> Locator:
    """Return the link All, Unread or Archived above the list."""
    return page.get_by_role("navigation", name="Filter conversations").get_by_role("link", name=what)


async def assert_fits(page: Page) -> None:
    """Assert that nothing is wider than the window."""
    widths = await page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert widths[0] <= widths[1]


async def picture(page: Page, name: str) -> None:
    """Save a screenshot if the variable `PICTURES` names a folder."""
    if folder := os.environ.get("PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}.png")
