"""A member makes an offer from the composer, at both sizes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.browser.axe import assert_accessible
from tests.browser.conftest import SignedIn
from tests.browser.shell import assert_fits, newcomer_with_conversation, pane, picture, ready
from tests.harness.cast import Cast, Person

pytestmark = pytest.mark.shown

SIZES: list[Any] = [{"width": 390, "height": 844}, {"width": 1280, "height": 800}]


async def opened(page: Page) -> Locator:
    await pane(page).get_by_role("button", name="Offer", exact=True).click()
    dialog = page.get_by_role("dialog", name="Make an offer")
    await expect(dialog).to_be_visible()
    return dialog


async def offers_in(person: Person, where: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await person.rest.get(f"/offers?conversationId={where}"))["results"]
    return found


async def is_valid(field: Locator) -> bool:
    valid: bool = await field.evaluate("field => field.checkValidity()")
    return valid


async def prices_are_checked(dialog: Locator) -> None:
    """At the end it is a good one."""
    price = dialog.get_by_label("Price")
    for text, good in (("0", False), ("0,00", False), ("12.345", False), ("1e3", False), ("49,90", True)):
        await price.fill(text)
        assert await is_valid(price) is good, text
    await dialog.get_by_label("Currency").select_option("JPY")
    await price.fill("49,90")
    assert not await is_valid(price)  # the yen has no smaller unit
    await dialog.get_by_label("What you offer").fill("Tuning")
    await dialog.get_by_label("What you offer").press("Enter")  # the main button, which has a complaint
    await expect(dialog).to_be_visible()
    await dialog.get_by_label("Currency").select_option("EUR")
    await price.fill("49,90")


@pytest.mark.parametrize("viewport", SIZES)
async def test_an_offer_is_made_and_reaches_the_customer(
    cast: Cast, signed_in: SignedIn, axe_source: str, viewport: Any
) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "What does a tuning cost?")
    where = conversation["id"]
    page = await ready(await signed_in("olivia", f"/app/c/{where}", viewport=viewport))
    asking = await ready(await signed_in(customer.name, f"/app/c/{where}", viewport=viewport))
    await expect(pane(asking).get_by_role("button", name="Offer", exact=True)).to_have_count(0)
    dialog = await opened(page)
    await prices_are_checked(dialog)
    await dialog.get_by_label("What you offer").fill("Tuning <b>")
    await dialog.get_by_label("Details").fill("Brakes and gears")
    await assert_accessible(page, axe_source)
    await assert_fits(page)
    await picture(page, f"offer-{viewport['width']}")
    await dialog.get_by_role("button", name="Make the offer").click()
    await expect(dialog).to_have_count(0)
    for side in (page, asking):
        card = pane(side).get_by_role("region", name="Offer")
        await expect(card).to_contain_text("Tuning <b>")
        await expect(card).to_contain_text("€49.90")
    await expect(pane(asking).get_by_role("button", name="Accept")).to_be_visible()
    [offer] = await offers_in(customer, where)
    assert (offer["amount"], offer["description"], offer["status"]) == (
        "49.90",
        "Brakes and gears",
        "pending",
    )
    await pane(page).get_by_role("button", name="Withdraw").click()
    await page.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
    await expect(pane(asking).get_by_role("button", name="Accept")).to_have_count(0)


async def test_what_was_refused_is_still_in_the_dialog(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "And the bell?")
    where = conversation["id"]
    page = await ready(await signed_in("olivia", f"/app/c/{where}"))
    page.allowed.append("ERR_FAILED")  # type: ignore[attr-defined]

    async def lose_the_answer(route: Route) -> None:
        """The offer is made, and nobody hears of it."""
        await route.fetch()
        await route.abort()

    await page.route("**/offers", lose_the_answer, times=1)
    dialog = await opened(page)
    await dialog.get_by_label("What you offer").fill("A bell")
    await dialog.get_by_label("Price").fill("7")
    await dialog.get_by_role("button", name="Make the offer").click()
    await expect(pane(page).get_by_text("That did not work: there is no connection.")).to_be_visible()
    dialog = await opened(page)
    await expect(dialog.get_by_label("What you offer")).to_have_value("A bell")
    async with page.expect_response("**/offers"):
        await dialog.get_by_role("button", name="Make the offer").click()
    await expect(dialog).to_have_count(0)
    dialog = await opened(page)  # what is on its way is no longer in it
    await expect(dialog.get_by_label("What you offer")).to_have_value("")
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(dialog).to_have_count(0)
    assert [offer["title"] for offer in await offers_in(customer, where)] == ["A bell"]  # one, not two


async def test_a_dialog_that_is_opened_before_the_answer_is_for_the_next_offer(
    cast: Cast, signed_in: SignedIn
) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "And a lock?")
    where = conversation["id"]
    page = await ready(await signed_in("olivia", f"/app/c/{where}"))
    page.allowed.append("ERR_FAILED")  # type: ignore[attr-defined]
    lost = asyncio.Event()

    async def hold(route: Route) -> None:
        await lost.wait()
        await route.abort()

    await page.route("**/offers", hold, times=1)
    dialog = await opened(page)
    await dialog.get_by_label("What you offer").fill("A lock")
    await dialog.get_by_label("Price").fill("9")
    await dialog.get_by_role("button", name="Make the offer").click()
    await expect(dialog).to_have_count(0)
    dialog = await opened(page)
    await expect(dialog.get_by_label("What you offer")).to_have_value("")
    await dialog.get_by_role("button", name="Cancel").click()
    lost.set()
    await expect(pane(page).get_by_text("That did not work: there is no connection.")).to_be_visible()
    dialog = await opened(page)
    await expect(dialog.get_by_label("What you offer")).to_have_value("A lock")
    await dialog.get_by_role("button", name="Make the offer").click()
    await expect(dialog).to_have_count(0)
    await expect(pane(page).get_by_text("A lock", exact=True)).to_be_visible()
    assert [offer["title"] for offer in await offers_in(customer, where)] == ["A lock"]
