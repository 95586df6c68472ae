"""Voice messages are recorded with a simulated microphone, sent, played by the other side, or discarded."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.threads import ThreadPage, open_thread
from tests.harness.cast import Cast

pytestmark = [pytest.mark.shown, pytest.mark.whole_browser, pytest.mark.usefixtures("worker")]

REFUSE = """
() => {
  const refusal = () => Promise.reject(new DOMException("no", "NotAllowedError"));
  navigator.mediaDevices.getUserMedia = refusal;
}
"""
LOUD = "() => [...document.querySelectorAll('.recorder-level i')].some(bar => parseFloat(bar.style.blockSize) > 30)"


async def begin(thread: ThreadPage) -> None:
    await thread.page.context.grant_permissions(["microphone", "local-network-access"])
    await thread.root.get_by_role("button", name="Record a voice message").click()
    await expect(thread.root.get_by_role("group", name="Voice recording")).to_be_visible()
    # The level has moved: Chromium's microphone beeps.
    await thread.page.wait_for_function(LOUD)


async def record(thread: ThreadPage) -> None:
    """Send a recording that is long enough for a test to see it play."""
    await begin(thread)
    await expect(thread.root.locator(".recorder-time")).to_have_text(re.compile("0:0[2-9]"))
    await thread.root.get_by_role("button", name="Send the recording").click()


async def test_the_other_side_can_play_a_recording(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    theirs = await open_thread(open_page, customer, where)
    shop = await open_thread(open_page, cast.olivia, where)
    await record(theirs)
    await expect(theirs.field).to_be_focused()
    for thread in (theirs, shop):
        voice = thread.root.get_by_role("group", name="Voice message")
        await voice.get_by_role("button", name="Play").click()
        await expect(voice.get_by_role("slider")).not_to_have_value("0")
    voice = shop.root.get_by_role("group", name="Voice message")
    await voice.get_by_role("button", name="Speed: 1×").click()
    await expect(voice.get_by_role("button", name="Speed: 1.5×")).to_be_visible()


async def test_a_recording_is_thrown_away(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    theirs = await open_thread(open_page, customer, where)
    await begin(theirs)
    await theirs.page.keyboard.press("Escape")
    await expect(theirs.root.get_by_role("group", name="Voice recording")).to_be_hidden()
    await expect(theirs.field).to_be_focused()
    await expect(theirs.messages).to_have_count(0)


async def test_a_blocked_microphone_is_explained(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    theirs = await open_thread(open_page, customer, where)
    await theirs.page.evaluate(REFUSE)
    await theirs.root.get_by_role("button", name="Record a voice message").click()
    await expect(theirs.root.get_by_role("alert")).to_contain_text("The microphone is blocked.")
    await expect(theirs.field).to_be_visible()
