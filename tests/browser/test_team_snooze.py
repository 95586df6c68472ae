"""Members snooze conversations from the list until a time that they choose, at both sizes, and take it back."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.axe import assert_accessible
from tests.browser.conftest import SignedIn
from tests.browser.shell import assert_fits, entry, loaded, newcomer_with_conversation, picture, ready
from tests.browser.test_team_pages import SIZES
from tests.harness.cast import Cast

pytestmark = pytest.mark.shown


@pytest.mark.parametrize("viewport", SIZES)
async def test_conversations_sleep_until_a_chosen_time(
    cast: Cast, signed_in: SignedIn, axe_source: str, viewport: Any
) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Call me in June")
    page = await ready(await signed_in("olivia", viewport=viewport, timezone_id="Europe/Berlin"))
    row = entry(await loaded(page), customer.name)
    await row.get_by_role("link").focus()
    await page.keyboard.press("x")
    bar = page.get_by_role("toolbar", name="Selected conversations")
    await bar.get_by_role("button", name="Snooze").click()
    await expect(page.get_by_role("menuitem")).to_have_count(4)
    await assert_accessible(page, axe_source)
    await picture(page, f"snooze-menu-{viewport['width']}")
    await page.get_by_role("menuitem", name="until a time…").click()
    dialog = page.get_by_role("dialog", name="Snooze")
    await dialog.get_by_role("button", name="Snooze").click()
    await expect(dialog).to_be_visible()  # a time is missing
    await dialog.get_by_label("Until").fill("2099-06-01T09:30")
    await assert_accessible(page, axe_source)
    await assert_fits(page)
    await picture(page, f"snooze-time-{viewport['width']}")
    await dialog.get_by_role("button", name="Snooze").click()
    await expect(row).to_contain_text("Snoozed")
    path = f"/chat/conversations/{conversation['id']}/team"
    assert (await cast.olivia.rest.get(path))["snoozedUntil"] == "2099-06-01T07:30:00Z"
    await page.get_by_role("button", name="Undo").click()
    await expect(row).not_to_contain_text("Snoozed")
    assert (await cast.olivia.rest.get(path))["status"] == "open"
