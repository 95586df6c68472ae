"""The page to print shows players on the screen, and on paper the names of what they play."""

from __future__ import annotations

import pytest
from playwright.async_api import FilePayload, Page, expect

from tests.attachments.contents import recording, video
from tests.browser.conftest import SignedIn
from tests.browser.files import send_by_rest
from tests.browser.shell import newcomer_with_conversation
from tests.harness.cast import Cast

pytestmark = [pytest.mark.shown, pytest.mark.usefixtures("worker")]


async def _assert_one_is_shown(page: Page, *, players: bool) -> None:
    """A file is either a player or a name, and not both."""
    for player in (page.locator(".print-page video"), page.locator(".print-page audio")):
        await expect(player).to_have_count(1)
        await expect(player).to_be_visible(visible=players)
    for name in ("ride.mp4", "Voice message"):
        await expect(page.locator(".print-page .file").filter(has_text=name)).to_be_visible(
            visible=not players
        )


async def test_recordings_play_on_the_screen_and_are_named_on_paper(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast)
    where = conversation["id"]
    ride: FilePayload = {"name": "ride.mp4", "mimeType": "video/mp4", "buffer": video()}
    voice: FilePayload = {"name": "voice.ogg", "mimeType": "audio/ogg", "buffer": recording("ogg", "libopus")}
    await send_by_rest(customer, where, ride)
    await send_by_rest(customer, where, voice, kind="voice")
    page = await signed_in("olivia", f"/app/c/{where}/print")
    await _assert_one_is_shown(page, players=True)
    await page.emulate_media(media="print")
    await _assert_one_is_shown(page, players=False)
