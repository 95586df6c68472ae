"""The scripts of a member's page ask for nothing that the page contains."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from tests.browser.conftest import SignedIn
from tests.browser.shell import newcomer_with_conversation, pane, ready
from tests.harness.cast import Cast

pytestmark = pytest.mark.shown


async def test_the_team_is_in_the_page(cast: Cast, signed_in: SignedIn) -> None:
    _, conversation = await newcomer_with_conversation(cast, "Hello")
    await cast.olivia.rest.post(f"/chat/conversations/{conversation['id']}/notes", {"content": "A regular"})
    page = await ready(await signed_in("amir"))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.on("framenavigated", lambda _: asked.clear())  # of the page before
    await page.goto(f"{page.url}/c/{conversation['id']}")
    await ready(page)
    await expect(pane(page).locator(".row-note")).to_contain_text("A regular")
    await expect(pane(page).get_by_role("combobox", name="Assignee")).to_contain_text("Olivia Brand")
    await page.wait_for_load_state("networkidle")
    ours = [path for path in asked if path.startswith("/team/") or path.endswith(("/notes", "/team"))]
    assert ours == []
    assert asked.count("/presence") <= 1
