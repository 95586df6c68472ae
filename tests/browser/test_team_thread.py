"""Two members of a business in one conversation, and the notices that tell what happened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.axe import assert_accessible
from tests.browser.conftest import OpenPage, SignedIn
from tests.browser.shell import entry, newcomer_with_conversation, pane, ready
from tests.browser.threads import ThreadPage, open_thread
from tests.harness.backend import Deployment
from tests.harness.cast import Cast

pytestmark = pytest.mark.shown

SAY = """
from conversations.operations import send_message
from conversations.requests import SendBody
for number in range(40):
    send_message(sender_id={sender}, conversation_id="{where}", body=SendBody(content=f"Line {{number}}"))
"""
DROP = """
() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["x"], "x.txt", { type: "text/plain" }));
    const event = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
    document.querySelector(".thread-scroller").dispatchEvent(event);
    return event.defaultPrevented;
}
"""


async def test_a_colleague_who_types_is_shown(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    await cast.olivia.send(where, "How can we help?")
    shop = await open_thread(open_page, cast.olivia, where)
    amir = await cast.amir.live()
    await amir.call("join_conversation", {"conversationId": where})
    await amir.call("typing_start", {"conversationId": where})
    row = shop.root.locator(".row-typing")
    await expect(row).to_have_text("Amir Nasser is typing…")
    await expect(row).to_have_class("row row-typing is-ours")
    await expect(shop.root.locator(".thread-presence")).not_to_contain_text("typing")
    theirs = await customer.live()
    await theirs.call("join_conversation", {"conversationId": where})
    await theirs.call("typing_start", {"conversationId": where})
    await expect(shop.root.locator(".thread-presence")).to_contain_text("is typing")
    await expect(row).to_have_count(2)


async def test_typing_ends_with_an_edit(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    await customer.send(where, "A tpyo")
    watching = await cast.olivia.live()
    await watching.call("join_conversation", {"conversationId": where})
    theirs = await open_thread(open_page, customer, where)
    await theirs.choose("A tpyo", "Edit")
    await theirs.field.press_sequentially(".")
    await watching.expect("user_typing", lambda data: data["isTyping"])
    await theirs.write("A typo")
    await watching.expect("message_edited")
    await watching.expect("user_typing", lambda data: not data["isTyping"], timeout=2)


async def test_copying_and_reporting_are_confirmed(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    await cast.olivia.send(where, "Buy now!")
    theirs = await open_thread(open_page, customer, where)
    await theirs.page.context.grant_permissions(["clipboard-read", "clipboard-write", "local-network-access"])
    note = theirs.root.locator(".thread-note")
    await theirs.choose("Buy now!", "Copy text")
    await expect(note).to_have_text("Copied")
    await theirs.choose("Buy now!", "Report")
    dialog = theirs.root.get_by_role("dialog")
    await dialog.get_by_label("Spam").check()
    await dialog.get_by_role("button", name="Report").click()
    await expect(note).to_contain_text("Your report was sent to the moderators")


async def test_a_conversation_is_found_again_where_it_was_left(
    cast: Cast, deployment: Deployment, signed_in: SignedIn
) -> None:
    customer, conversation = await newcomer_with_conversation(cast)
    other, _ = await newcomer_with_conversation(cast, "Something else")
    deployment.shell(SAY.format(sender=customer.id, where=conversation["id"]))
    await cast.olivia.rest.patch(f"/chat/conversations/{conversation['id']}/read")
    page = await ready(await signed_in("olivia", f"/app/c/{conversation['id']}"))
    line = pane(page).get_by_text("Line 12", exact=True)
    await expect(pane(page).get_by_text("Line 39", exact=True)).to_be_in_viewport()
    await line.evaluate("node => node.scrollIntoView({ block: 'start' })")
    await expect(line).to_be_in_viewport()
    before = await line.bounding_box()
    await entry(page, other.name).get_by_role("link").click()
    await expect(pane(page).get_by_text("Something else", exact=True)).to_be_visible()
    await entry(page, customer.name).get_by_role("link").click()
    await expect(line).to_be_in_viewport()
    after = await line.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) <= 2


async def test_a_dropped_file_does_not_replace_the_page(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Catch!")
    page = await ready(await signed_in(customer.name, f"/app/c/{conversation['id']}"))
    assert await page.evaluate(DROP)
    await expect(pane(page).get_by_text("Catch!", exact=True)).to_be_visible()


async def _ask_an_assistant(page: Page) -> None:
    """Ask an assistant. It puts a suggestion into the text field, and sends nothing."""
    assistant = pane(page).locator(".assistant")
    await assistant.get_by_text("Assistant", exact=True).click()
    await assistant.get_by_role("button", name="Summarise").click()
    await expect(assistant.get_by_role("status")).to_contain_text("wrote 1 of")
    await assistant.get_by_role("button", name="Translate").click()
    await expect(assistant.get_by_role("status")).to_have_text("No assistant offers this.")
    await assistant.get_by_role("button", name="Suggest answers").click()
    message = pane(page).get_by_role("textbox", name="Message")
    before = await message.input_value()
    await assistant.get_by_role("button", name="Use").click()
    await expect(message).to_be_focused()
    assert "You wrote: Where is my parcel?" in await message.input_value()
    await message.fill(before)
    await assistant.get_by_text("Assistant", exact=True).click()


async def _get_help(cast: Cast, amir: Page, olivia: Page, customer: str, where: str) -> None:
    """An assistant helps Olivia. The conversation waits for a person, and Amir takes it."""
    await _ask_an_assistant(olivia)
    await cast.olivia.rest.post(f"/chat/conversations/{where}/hand-over", {})
    await expect(entry(amir, customer)).to_contain_text("Waiting for a person")
    await pane(amir).get_by_role("button", name="Take over").click()
    await expect(pane(olivia).get_by_role("combobox", name="Status")).to_have_value("open")
    await expect(pane(olivia).get_by_role("combobox", name="Assignee")).to_have_value(cast.amir.id)
    await expect(pane(amir).get_by_role("button", name="Take over")).to_be_hidden()


async def test_a_note_is_written_and_changes_show_at_once(
    cast: Cast, signed_in: SignedIn, open_page: OpenPage, axe_source: str
) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Where is my parcel?")
    where = conversation["id"]
    amir = await ready(await signed_in("amir", f"/app/c/{where}"))
    olivia = await ready(await signed_in("olivia", f"/app/c/{where}"))
    theirs = await open_thread(open_page, customer, where)
    await pane(olivia).get_by_role("textbox", name="Message").fill("An answer in progress")
    await pane(olivia).get_by_role("button", name="Private note").click()
    field = pane(olivia).get_by_role("textbox", name="Private note")
    await field.press_sequentially("Please check, @Ami")
    await pane(olivia).get_by_role("option", name="@Amir Nasser").click()
    await field.press_sequentially("it is lost.")
    await assert_accessible(olivia, axe_source)
    await field.press("Enter")
    note = pane(amir).locator(".row-note")
    await expect(note).to_contain_text("Please check, @Amir Nasser it is lost.")
    await expect(note).to_contain_text("Olivia Brand")
    await pane(olivia).get_by_role("button", name="Message", exact=True).click()
    message = pane(olivia).get_by_role("textbox", name="Message")
    await expect(message).to_have_value("An answer in progress")
    await pane(olivia).get_by_role("combobox", name="Assignee").select_option("Amir Nasser")
    await pane(olivia).get_by_role("combobox", name="Status").select_option("for an hour")
    await expect(pane(amir).get_by_role("combobox", name="Assignee")).to_have_value(cast.amir.id)
    await expect(entry(amir, customer.name)).to_contain_text("Snoozed")
    await expect(entry(amir, customer.name)).to_contain_text("Assigned to Amir Nasser")
    await the_list_is_changed_and_kept(olivia, amir, customer.name, axe_source)
    await _get_help(cast, amir, olivia, customer.name, where)
    await message.press("Enter")
    await expect(theirs.said("An answer in progress")).to_be_visible()
    await _look_at_the_customer_on_a_phone(olivia, axe_source)
    await _see_nothing_of_the_team(theirs)


async def _see_nothing_of_the_team(theirs: ThreadPage) -> None:
    await expect(theirs.messages).to_have_count(2)
    teams = theirs.root.locator(".row-note, .writing-mode, .team-bar, .customer-panel, .assistant")
    await expect(teams).to_have_count(0)


async def _look_at_the_customer_on_a_phone(page: Page, axe_source: str) -> None:
    await expect(pane(page).get_by_role("heading", name="Details")).to_be_visible()
    await page.set_viewport_size({"width": 390, "height": 844})
    await expect(pane(page).get_by_role("heading", name="Details")).to_be_hidden()
    await pane(page).get_by_role("button", name="Customer").click()
    sheet = pane(page).get_by_role("dialog", name="Customer")
    await expect(sheet.get_by_role("heading", name="Details")).to_be_visible()
    await assert_accessible(page, axe_source)
    await sheet.get_by_role("button", name="Close").click()
    await expect(sheet).to_be_hidden()


async def the_list_is_changed_and_kept(page: Page, colleague: Page, name: str, axe_source: str) -> None:
    await set_for_the_selected_and_taken_back(page, entry(page, name), entry(colleague, name), axe_source)
    await kept_as_a_view(page, entry(page, name), axe_source)


async def set_for_the_selected_and_taken_back(
    page: Page, row: Locator, colleagues: Locator, axe_source: str
) -> None:
    await row.get_by_role("checkbox").check()
    bar = page.get_by_role("toolbar", name="Selected conversations")
    await expect(bar).to_contain_text("1 selected")
    await assert_accessible(page, axe_source)
    await bar.get_by_role("button", name="Priority").click()
    await page.get_by_role("menuitem", name="Urgent").click()
    await expect(colleagues).to_contain_text("Urgent")
    await expect(bar).to_be_hidden()
    await page.get_by_role("button", name="Undo").click()
    await expect(colleagues).not_to_contain_text("Urgent")
    await row.get_by_role("link").focus()
    await page.keyboard.press("x")
    await bar.get_by_role("button", name="Resolve").click()
    await expect(colleagues).to_contain_text("Resolved")
    await page.get_by_role("button", name="Undo").click()
    await expect(colleagues).to_contain_text("Snoozed")


async def kept_as_a_view(page: Page, row: Locator, axe_source: str) -> None:
    filters = page.locator("[data-team-filters]")
    await filters.get_by_role("combobox", name="Status").select_option("Snoozed")
    await page.get_by_role("button", name="Save view").click()
    dialog = page.get_by_role("dialog", name="Save view")
    await dialog.get_by_label("Name").fill("Asleep")
    await assert_accessible(page, axe_source)
    await page.keyboard.press("Enter")
    link = page.get_by_role("navigation", name="Saved views").get_by_role("link", name="Asleep")
    await expect(link).to_have_attribute("aria-current", "true")
    await link.click()
    await expect(filters.get_by_role("combobox", name="Status")).to_have_value("")
    await link.click()
    await expect(row).to_be_visible()
    await page.get_by_role("button", name="Change the view Asleep").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(link).to_have_count(0)
    await filters.get_by_role("combobox", name="Status").select_option("")


@asynccontextmanager
async def asking_for_ratings(cast: Cast) -> AsyncIterator[None]:
    settings = f"/team/csat/{cast.stage.business_id}"
    await cast.olivia.rest.request("PUT", settings, {"enabled": True})
    try:
        yield
    finally:
        await cast.olivia.rest.request("PUT", settings, {"enabled": False})


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.usefixtures("worker")
async def test_the_customer_rates_a_resolved_conversation_once(
    cast: Cast, signed_in: SignedIn, axe_source: str, width: int
) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Ist das Rad fertig?")
    where = conversation["id"]
    await cast.olivia.send(where, "Ja, seit heute.")
    look: dict[str, Any] = {"locale": "de-DE", "viewport": {"width": width, "height": 844}}
    page = await ready(await signed_in(customer.name, f"/app/c/{where}", **look))
    scores = pane(page).get_by_role("group", name="Ihre Bewertung")
    async with asking_for_ratings(cast):
        await cast.olivia.rest.patch(f"/chat/conversations/{where}/team", {"status": "resolved"})
        await expect(pane(page)).to_contain_text("Wie waren wir?")
        await expect(scores.get_by_role("radio")).to_have_count(5)
    await page.reload()
    comment = pane(page).get_by_label("Kommentar")
    await expect(comment).to_be_hidden()
    await scores.get_by_role("radio", name="Sehr schlecht").press("Space")
    await page.keyboard.press("ArrowRight")
    await comment.fill("Zu <b>langsam</b>")
    await assert_accessible(page, axe_source)
    await pane(page).get_by_role("button", name="Bewertung senden").press("Enter")
    thanks = pane(page).locator(".rating-thanks")
    await expect(thanks).to_have_text("Danke! Ihre Bewertung: Schlecht")
    await expect(pane(page).locator(".row-system").filter(has_text="Danke!")).to_be_focused()
    kept = await customer.rest.get(f"/chat/conversations/{where}/csat")
    assert (kept["score"], kept["comment"]) == (2, "Zu <b>langsam</b>")
    await page.reload()
    await expect(thanks).to_be_visible()
    await expect(scores).to_have_count(0)
