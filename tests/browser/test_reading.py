"""Messages count as read when the user reaches the end of the conversation or answers."""

from __future__ import annotations

import re
from typing import Final

import pytest
from playwright.async_api import expect

from tests.browser.conftest import SignedIn
from tests.browser.shell import entry, loaded, newcomer_with_conversation, pane, ready, write
from tests.harness.backend import Deployment
from tests.harness.cast import Cast
from tests.harness.rest import eventually

pytestmark = pytest.mark.shown

MANY: Final = 160  # more than the page loads at first, and over 100 unread below what is seen at once
SAY: Final = """
from conversations.operations import send_message
from conversations.requests import SendBody
for number in range({many}):
    send_message(sender_id={sender}, conversation_id="{where}", body=SendBody(content=f"Line {{number}}"))
"""


async def unread_of(cast: Cast, where: str) -> int:
    seen = await cast.olivia.rest.get(f"/chat/conversations/{where}")
    count: int = seen["unreadCount"]
    return count


async def test_the_end_of_a_long_conversation_clears_its_badge(
    cast: Cast, deployment: Deployment, signed_in: SignedIn
) -> None:
    customer, conversation = await newcomer_with_conversation(cast)
    where = conversation["id"]
    deployment.shell(SAY.format(many=MANY, sender=customer.id, where=where))
    page = await ready(await signed_in("olivia", f"/app/c/{where}"))
    badge = entry(page, customer.name).locator("[data-field=unread]")
    await expect(badge).to_contain_text(re.compile(r"99\+|1\d\d"))
    await pane(page).locator(".latest").click()
    await expect(badge).to_be_hidden()

    async def is_read() -> bool:
        return await unread_of(cast, where) == 0

    await eventually(is_read, "the server has the receipt")
    await page.reload()
    await ready(page)
    await expect(badge).to_be_hidden()


async def test_an_answer_marks_earlier_messages_as_read(
    cast: Cast, deployment: Deployment, signed_in: SignedIn
) -> None:
    customer, conversation = await newcomer_with_conversation(cast)
    where = conversation["id"]
    deployment.shell(SAY.format(many=MANY, sender=customer.id, where=where))
    page = await ready(await signed_in("olivia", f"/app/c/{where}"))
    badge = entry(page, customer.name).locator("[data-field=unread]")
    await expect(badge).to_contain_text(re.compile(r"99\+|1\d\d"))
    await write(page, "All of it can be had.")
    await expect(badge).to_be_hidden()
    assert await unread_of(cast, where) == 0


async def test_a_conversation_is_marked_read_from_the_menu(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Is anybody there?")
    page = await loaded(await ready(await signed_in("olivia")))
    row = entry(page, customer.name)
    await expect(row.locator("[data-field=unread]")).to_be_visible()
    await row.get_by_role("link").click(button="right")
    await page.get_by_role("menuitem", name="Mark as read").click()
    await expect(row.locator("[data-field=unread]")).to_be_hidden()
    assert await unread_of(cast, conversation["id"]) == 0
