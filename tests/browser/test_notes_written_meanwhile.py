"""Private notes that change while a conversation is being opened are shown as they are now."""

from __future__ import annotations

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import SignedIn
from tests.browser.shell import entry, newcomer_with_conversation, pane, ready
from tests.harness.cast import Cast

pytestmark = pytest.mark.shown


async def test_notes_that_change_while_the_conversation_opens(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Anybody there?")
    notes = f"/chat/conversations/{conversation['id']}/notes"
    edited = await cast.olivia.rest.post(notes, {"content": "Tpyo"})
    deleted = await cast.olivia.rest.post(notes, {"content": "Nonsense"})
    page = await ready(await signed_in("amir"))
    colleague = await cast.amir.live()

    async def change_the_notes(route: Route) -> None:
        """The server has rendered the conversation, and the page has not received it yet."""
        rendered = await route.fetch()
        await cast.olivia.rest.patch(f"{notes}/{edited['id']}", {"content": "Typo"})
        await cast.olivia.rest.delete(f"{notes}/{deleted['id']}")
        await cast.olivia.rest.post(notes, {"content": "A regular"})
        await colleague.expect("note_added", lambda data: data["note"]["content"] == "A regular")
        await route.fulfill(response=rendered)

    await page.route(f"**/app/c/{conversation['id']}/thread", change_the_notes)
    await entry(page, customer.name).get_by_role("link").click()
    shown = pane(page).locator(".row-note .note-text")
    await expect(shown).to_have_text(["Typo", "A regular"])
