"""What a thread could not fetch is fetched again, although nothing else happens in the conversation."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import SignedIn
from tests.browser.shell import newcomer_with_conversation, pane, ready
from tests.browser.test_team_thread import asking_for_ratings
from tests.harness.cast import Cast

pytestmark = pytest.mark.shown


@pytest.mark.usefixtures("worker")
async def test_the_card_of_a_rating(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Is the bike ready?")
    where = conversation["id"]
    await cast.olivia.send(where, "Since today.")
    page = await signed_in(customer.name, f"/app/c/{where}")
    await page.clock.install()
    await page.reload()
    await ready(page)
    page.allowed.append("ERR_FAILED")  # type: ignore[attr-defined]
    await page.route(re.compile("/csat$"), lambda route: route.abort())
    async with asking_for_ratings(cast):
        async with page.expect_event("requestfailed"):
            await cast.olivia.rest.patch(f"/chat/conversations/{where}/team", {"status": "resolved"})
            await expect(pane(page)).to_contain_text("How did we do?")
        await expect(pane(page).get_by_role("radio")).to_have_count(0)
        await page.unroute_all(behavior="wait")
        await page.clock.fast_forward(60_000)
        await expect(pane(page).get_by_role("radio")).to_have_count(5)
