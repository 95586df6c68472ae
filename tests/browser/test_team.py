"""The page shows which member views or answers a conversation."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.conftest import SignedIn
from tests.browser.shell import entry, newcomer_with_conversation, pane, ready
from tests.conversations.test_membership import CHANGE
from tests.harness.cast import Cast


@pytest.mark.shown
async def test_colleagues_see_who_views_and_who_answers(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Anybody there?")
    path = f"/app/c/{conversation['id']}"
    amir = await ready(await signed_in("amir", path, server=2))
    olivia = await ready(await signed_in("olivia", server=1))  # a member who connects later sees it too
    asking = await ready(await signed_in(customer.name, path))
    await expect(entry(olivia, customer.name)).to_contain_text("Amir Nasser is viewing this")
    await pane(amir).get_by_role("textbox", name="Message").press_sequentially("I am on it")
    await expect(entry(olivia, customer.name)).to_contain_text("Amir Nasser is answering")
    await entry(olivia, customer.name).get_by_role("link").click()
    await expect(pane(olivia).locator("[data-team]")).to_contain_text("Amir Nasser is answering")
    await expect(pane(amir).locator("[data-team]")).to_contain_text("Olivia Brand is viewing this")
    assert await asking.locator("[data-team]").inner_text() == ""
    await amir.context.close()
    await expect(pane(olivia).locator("[data-team]")).to_be_empty()


# What the page does with an address from a notification.
GO_TO = """path => {
    history.pushState(null, "", path);
    dispatchEvent(new PopStateEvent("popstate"));
}"""


async def test_a_page_that_was_open_before_its_user_joined_the_team(cast: Cast, signed_in: SignedIn) -> None:
    _, conversation = await newcomer_with_conversation(cast, "Anybody there?")
    nina = await cast.newcomer()
    page = await ready(await signed_in(nina.name))

    def change(operation: str) -> None:
        code = CHANGE.format(operation=operation, business=cast.business_id, user=nina.id)
        cast.stage.deployment.shell(code)

    change("add_member")
    try:
        await page.evaluate(GO_TO, f"/app/c/{conversation['id']}")
        await expect(pane(page).get_by_role("button", name="Private note")).to_be_visible()
        await expect(pane(page)).to_contain_text("Anybody there?")
    finally:
        await page.close()  # what it still loads would be refused
        change("remove_member")
