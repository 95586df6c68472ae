"""The title counts unread conversations without muted ones, before and after the scripts of the page have run."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import SignedIn
from tests.browser.shell import loaded
from tests.browser.test_long_inbox import keeper
from tests.harness.cast import Cast

pytestmark = pytest.mark.shown

MUTED_FOR_EVER = {"mutedUntil": "9999-01-01T00:00:00Z"}


async def test_muted_conversations_do_not_count(cast: Cast, signed_in: SignedIn) -> None:
    """One that is muted is on the first page of the list, and two are on the second."""
    member = await keeper(cast, 34)
    newest, other, *_, last, oldest = (await member.rest.get("/chat/conversations", limit=34))["results"]
    for muted in (newest, last, oldest):
        await member.rest.patch(f"/chat/conversations/{muted['id']}", MUTED_FOR_EVER)
    plain = await signed_in(member.name, java_script_enabled=False)
    await expect(plain).to_have_title(re.compile(r"^\(31\) "))
    await expect(plain.locator("[data-unread-total]")).to_have_text("31")
    page = await loaded(await signed_in(member.name))
    await expect(page).to_have_title(re.compile(r"^\(31\) "))
    await expect(page.locator("[data-unread-total]")).to_have_text("31")
    await member.rest.patch(f"/chat/conversations/{other['id']}/read")
    await expect(page).to_have_title(re.compile(r"^\(30\) "))
    await member.rest.patch(f"/chat/conversations/{oldest['id']}", {"mutedUntil": None})
    await expect(page).to_have_title(re.compile(r"^\(31\) "))
