"""A phone has all that a team has: status, assignee, notes, canned answers, assistants, and the list's filters."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.axe import assert_accessible
from tests.browser.conftest import SignedIn
from tests.browser.shell import PHONE, assert_fits, entry, newcomer_with_conversation, pane, picture, ready
from tests.harness.cast import Cast

pytestmark = pytest.mark.shown


async def _set_on_a_phone(page: Page, axe_source: str) -> None:
    bar = pane(page).get_by_role("group", name="What the team has set")
    await bar.get_by_role("combobox", name="Assignee").select_option("Me")
    await bar.get_by_role("combobox", name="Status").select_option("Pending")
    await bar.get_by_text("More", exact=True).tap()
    await bar.get_by_role("combobox", name="Priority").select_option("High")
    await _looked_at(page, axe_source, "team-bar-390")
    await bar.get_by_text("More", exact=True).tap()


async def _note_on_a_phone(page: Page, axe_source: str) -> None:
    await pane(page).get_by_role("button", name="Private note").tap()
    await pane(page).get_by_role("textbox", name="Private note").fill("Only for us")
    await _looked_at(page, axe_source, "note-390")
    await pane(page).get_by_role("button", name="Add the note").tap()
    await expect(pane(page).locator(".row-note")).to_contain_text("Only for us")
    await pane(page).get_by_role("button", name="Message", exact=True).tap()


async def _help_on_a_phone(page: Page, axe_source: str) -> None:
    """An assistant's suggestion gets into the text field. Nothing is sent."""
    assistant = pane(page).locator(".assistant")
    await assistant.get_by_text("Assistant", exact=True).tap()
    await assistant.get_by_role("button", name="Summarise").tap()
    await expect(assistant.get_by_role("status")).to_contain_text("wrote 1 of")
    await assistant.get_by_role("button", name="Suggest answers").tap()
    use = assistant.get_by_role("button", name="Use")
    await expect(use).to_be_visible()
    await _looked_at(page, axe_source, "assistant-390")
    await use.tap()
    field = pane(page).get_by_role("textbox", name="Message")
    await expect(field).to_have_value(re.compile("You wrote: Where is my parcel"))
    await expect(pane(page).locator(".row-message")).to_have_count(1)
    await field.fill("")
    await assistant.get_by_text("Assistant", exact=True).tap()


async def _looked_at(page: Page, axe_source: str, name: str) -> None:
    await assert_accessible(page, axe_source)
    await assert_fits(page)
    await picture(page, name)


async def test_a_phone_has_all_of_the_team(cast: Cast, signed_in: SignedIn, axe_source: str) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Where is my parcel?")
    where = conversation["id"]
    body = {"businessId": cast.business_id, "code": "parcel", "text": "Dear {{customer.name}}, soon."}
    answer = await cast.olivia.rest.post("/team/canned-answers", {**body, "scope": "private"})
    page = await ready(await signed_in("olivia", f"/app/c/{where}", **PHONE))
    await _set_on_a_phone(page, axe_source)
    await _note_on_a_phone(page, axe_source)
    await _help_on_a_phone(page, axe_source)
    field = pane(page).get_by_role("textbox", name="Message")
    await field.press_sequentially("/parc")
    suggested = pane(page).get_by_role("option").filter(has_text="soon.")
    await expect(suggested).to_be_visible()
    await _looked_at(page, axe_source, "canned-390")
    await suggested.tap()
    await expect(field).to_have_value(f"Dear {customer.name}, soon.")
    state = await cast.olivia.rest.get(f"/chat/conversations/{where}/team")
    assert (state["status"], state["assigneeId"], state["priority"]) == ("pending", cast.olivia.id, "high")
    await page.get_by_role("link", name="Back").or_(page.get_by_role("button", name="Back")).first.tap()
    await expect(entry(page, customer.name)).to_contain_text("High")
    await page.locator("[data-team-filters]").get_by_role("combobox", name="Status").select_option("Pending")
    await expect(entry(page, customer.name)).to_be_visible()
    await _looked_at(page, axe_source, "team-list-390")
    await cast.olivia.rest.delete(f"/team/canned-answers/{answer['id']}")
