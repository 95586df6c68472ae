"""Counts in the list and on the bell say at most "99+"; screen readers hear the number."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.conftest import SignedIn
from tests.browser.shell import entry, newcomer_with_conversation, ready
from tests.harness.backend import Deployment
from tests.harness.cast import Cast

pytestmark = pytest.mark.shown

SAY = """
from conversations.operations import send_message
from conversations.requests import SendBody
for number in range(99):
    send_message(sender_id={sender}, conversation_id="{where}", body=SendBody(content=f"Line {{number}}"))
"""


async def test_a_row_counts_to_ninety_nine(cast: Cast, deployment: Deployment, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast)
    deployment.shell(SAY.format(sender=customer.id, where=conversation["id"]))
    page = await ready(await signed_in("olivia"))
    row = entry(page, customer.name)
    count = row.locator("[data-field=count]")
    await expect(count).to_have_text("99")
    await customer.send(conversation["id"], "One more")
    await expect(count).to_have_text("99+")
    await expect(row.locator("[data-field=unread-text]")).to_have_text("100 unread messages")
    plain = await signed_in("olivia", java_script_enabled=False)
    await expect(entry(plain, customer.name).locator("[data-field=count]")).to_have_text("99+")
