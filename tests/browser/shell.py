"""What the tests of the page's shell do and look for, as a person would name it."""

from __future__ import annotations

from playwright.async_api import FloatRect, Locator, Page

from tests.harness.cast import Cast, Person
from tests.harness.rest import Json


async def ready(page: Page) -> Page:
    """The scripts have taken over, and the socket is up."""
    await page.locator("html[data-ready]").wait_for(state="attached")
    return page


def entry(page: Page, name: str) -> Locator:
    """The row of the list that shows this person or business."""
    return page.locator("[data-list-screen] [data-id]").filter(has=page.get_by_text(name, exact=True))


def pane(page: Page) -> Locator:
    return page.locator(".pane")


async def place_of(seen: Locator) -> FloatRect:
    """Where it is on the screen; it is there."""
    box = await seen.bounding_box()
    assert box is not None
    return box


async def write(page: Page, text: str) -> None:
    """Writes into the open conversation and sends it."""
    await pane(page).get_by_role("textbox", name="Message").fill(text)
    await pane(page).get_by_role("button", name="Send").click()


async def newcomer_with_conversation(cast: Cast, first_words: str | None = None) -> tuple[Person, Json]:
    """A customer whom no other test has met, and the conversation with the business."""
    person = await cast.newcomer()
    conversation = await cast.conversation(person)
    if first_words:
        await person.send(conversation["id"], first_words)
    return person, conversation


def shown(page: Page, what: str) -> Locator:
    """All, Unread or Archived, above the list."""
    return page.get_by_role("navigation", name="Filter conversations").get_by_role("link", name=what)


async def assert_fits(page: Page) -> None:
    """Nothing sticks out at the side."""
    widths = await page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert widths[0] <= widths[1]
