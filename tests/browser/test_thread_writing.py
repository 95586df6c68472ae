"""Writing: drafts, keys, lengths, and unsent messages."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from chatsite.config.limits import Limits
from tests.browser.conftest import OpenPage
from tests.browser.shell import two_frames
from tests.browser.threads import ThreadPage, enter, open_thread, opened
from tests.harness.backend import Deployment
from tests.harness.cast import Cast

pytestmark = pytest.mark.shown

FREEZE = """
from django.utils import timezone
from conversations.models import Conversation
Conversation.objects.filter(pk="{where}").update(frozen_at={value})
"""


async def test_a_draft_outlives_the_page_and_is_shared_by_tabs(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    first = await open_thread(open_page, customer, where)
    await first.field.fill("Half a thou")
    await first.page.reload()
    first = await opened(first.page)
    await expect(first.field).to_have_value("Half a thou")

    page = await first.page.context.new_page()
    await enter(page, customer, where, customer.rest.url)
    second = await opened(page)
    await expect(second.field).to_have_value("Half a thou")
    await second.field.fill("Half a thought 👩‍👩‍👧‍👦 more")
    await expect(first.field).to_have_value("Half a thought 👩‍👩‍👧‍👦 more")
    await second.field.press("Enter")
    await expect(first.said("Half a thought 👩‍👩‍👧‍👦 more")).to_be_visible()
    await expect(first.field).to_have_value("")


async def height_of(thread: ThreadPage) -> float:
    height: float = await thread.field.evaluate("node => node.offsetHeight")
    return height


async def test_keys_and_length(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    thread = await open_thread(open_page, customer, where)
    one_line = await height_of(thread)
    await thread.field.fill("First line")
    await thread.field.press("Shift+Enter")
    await thread.page.keyboard.type("second line")
    assert await height_of(thread) > one_line
    # The Enter that chooses a word of an input method sends nothing.
    enter_key = (
        "new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true, cancelable: true})"
    )
    await thread.field.evaluate(f"node => node.dispatchEvent({enter_key})")
    await expect(thread.messages).to_have_count(0)
    await thread.field.press("Enter")
    await expect(thread.messages).to_have_count(1)
    assert await thread.messages.locator(".bubble-text").inner_text() == "First line\nsecond line"

    # Characters as the server counts them: an emoji is one.
    await thread.field.fill("x" * (Limits.message_length - 101) + "🚲" * 100)
    await expect(thread.root.locator(".left")).to_have_text("1 character left")
    await thread.field.fill("x" * (Limits.message_length - 100) + "🚲" * 102)
    await expect(thread.root.locator(".left")).to_have_text("2 characters too many")
    await expect(thread.root.get_by_role("button", name="Send")).to_be_disabled()
    await thread.field.press("Enter")
    await expect(thread.messages).to_have_count(1)


async def test_the_field_shows_all_lines_at_any_width(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    thread = await open_thread(open_page, customer, where)
    await thread.field.fill("It wraps into more lines on a phone than in a window. " * 4)
    heights = []
    for width, height in ((1280, 800), (390, 844), (844, 390), (1280, 800)):
        await thread.page.set_viewport_size({"width": width, "height": height})
        await two_frames(thread.page)
        assert await thread.field.evaluate("node => node.scrollHeight - node.clientHeight") == 0, width
        heights.append(await height_of(thread))
    assert heights[1] > heights[2] > heights[0] == heights[3]


async def test_a_refused_message_can_be_tried_again_or_cancelled(
    cast: Cast, deployment: Deployment, open_page: OpenPage
) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    thread = await open_thread(open_page, customer, where)
    # Without the page noticing, so that its form stays open.
    deployment.shell(FREEZE.format(where=where, value="timezone.now()"))
    await thread.write("Too late")
    await thread.write("Never mind")
    for text in ("Too late", "Never mind"):
        await expect(thread.said(text).locator(".failure")).to_contain_text(
            "The conversation has been closed."
        )
        await expect(thread.tick(text)).to_have_attribute("aria-label", "Not sent")
    await thread.said("Never mind").get_by_role("button", name="Cancel").click()
    await expect(thread.said("Never mind")).to_have_count(0)

    deployment.shell(FREEZE.format(where=where, value="None"))
    await thread.said("Too late").get_by_role("button", name="Try again").click()
    await expect(thread.tick("Too late")).to_have_attribute("aria-label", "Sent")
    stored = await customer.rest.get(f"/chat/conversations/{where}/messages")
    assert [message["content"] for message in stored["results"]] == ["Too late"]


async def test_a_closed_conversation_can_only_be_read(
    cast: Cast, deployment: Deployment, open_page: OpenPage
) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    await customer.send(where, "The last word")
    deployment.shell(FREEZE.format(where=where, value="timezone.now()"))
    thread = await open_thread(open_page, customer, where)
    await expect(thread.said("The last word")).to_be_visible()
    await expect(thread.root.get_by_text("A moderator has closed this conversation.")).to_be_visible()
    await expect(thread.field).to_be_hidden()
