"""The typeface comes with the pages, has the letters that people write, and moves nothing when it arrives."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import SignedIn
from tests.browser.shell import newcomer_with_conversation, pane, ready, two_frames
from tests.harness.cast import Cast

pytestmark = pytest.mark.shown

# German, French and Polish, with an amount; then Czech and Turkish, whose letters are in a file of their own.
PRELOADED: Final = "Grüße, Straße; œuvre à côté, forêt, naïf; zażółć gęślą jaźń „3,50 €“ – ok…"
EMOJI: Final = ("Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji", "Twemoji Mozilla")
FETCHED: Final = "Příliš žluťoučký kůň, İyi çalışır mı? Doğru."
SHIFTS: Final = """
addEventListener("DOMContentLoaded", () => {
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
});
"""


async def fonts_of(page: Page, selector: str) -> set[str]:
    """The names of the families that have drawn the element's text."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("DOM.enable")
    await devtools.send("CSS.enable")
    document = await devtools.send("DOM.getDocument")
    node = await devtools.send(
        "DOM.querySelector", {"nodeId": document["root"]["nodeId"], "selector": selector}
    )
    used = await devtools.send("CSS.getPlatformFontsForNode", {"nodeId": node["nodeId"]})
    return {
        font["familyName"].removesuffix(" Light") for font in used["fonts"]
    }  # the lightest names the variable font


@pytest.mark.parametrize("words", [PRELOADED, FETCHED])
async def test_it_draws_the_letters_of_europe(cast: Cast, signed_in: SignedIn, words: str) -> None:
    customer, conversation = await newcomer_with_conversation(cast, words)
    page = await ready(await signed_in(customer.name, f"/app/c/{conversation['id']}"))
    await expect(pane(page).get_by_text(words, exact=True)).to_be_visible()
    await page.evaluate("document.fonts.ready")
    assert await fonts_of(page, ".bubble-text") == {"Figtree"}


async def test_nothing_moves_when_it_arrives(cast: Cast, signed_in: SignedIn) -> None:
    text = "Is it there on Thursday as well, and may I bring my old one along? " * 6
    customer, conversation = await newcomer_with_conversation(cast, text.strip())
    page = await ready(await signed_in(customer.name))
    gate = asyncio.Event()

    async def slowly(route: Route) -> None:
        await gate.wait()
        await route.continue_()

    await page.route("**/*.woff2*", slowly)
    await page.add_init_script(SHIFTS)
    await page.goto(f"{page.url}/c/{conversation['id']}", wait_until="commit")
    await ready(page)
    text_box = pane(page).locator(".bubble-text").first
    before = await text_box.bounding_box()
    settled = await page.evaluate("window.shifted")
    assert "Figtree" not in await fonts_of(page, ".bubble-text")
    gate.set()
    await page.evaluate("document.fonts.load('15px Figtree')")
    await two_frames(page)
    assert await fonts_of(page, ".bubble-text") == {"Figtree"}
    after = await text_box.bounding_box()
    assert before is not None
    assert after is not None
    assert after["height"] == before["height"]
    assert await page.evaluate("window.shifted") - settled < 0.01


async def test_emoji_come_from_one_list_of_colour_fonts_everywhere(cast: Cast, signed_in: SignedIn) -> None:
    """A text font would draw some of them as black signs, and every system would choose another one."""
    customer, conversation = await newcomer_with_conversation(cast, "Nice 👍")
    message = (await customer.rest.get(f"/chat/conversations/{conversation['id']}/messages"))["results"][0]
    await cast.olivia.rest.request("PUT", f"/chat/messages/{message['id']}/reactions/👍")
    page = await ready(await signed_in(customer.name, f"/app/c/{conversation['id']}"))
    families = (
        "node => getComputedStyle(node).fontFamily.split(', ').map((name) => name.replaceAll('\"', ''))"
    )
    for selector in ("body", ".bubble-text", ".reaction-emoji", ".composer-input", ".entry-preview"):
        found = await page.locator(selector).first.evaluate(families)
        at = [found.index(name) for name in EMOJI]
        assert at == sorted(at), selector
        assert found.index("sans-serif") > at[-1], selector
