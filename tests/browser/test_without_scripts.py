"""Everything important works in a browser without JavaScript."""

from __future__ import annotations

import pytest
from playwright.async_api import ViewportSize, expect

from tests.browser.axe import assert_accessible
from tests.browser.conftest import SignedIn
from tests.browser.files import pdf, photo, send_by_rest
from tests.browser.shell import assert_fits, entry, newcomer_with_conversation, pane, shown
from tests.browser.test_bell import make_offer
from tests.harness.cast import Cast
from tests.harness.rest import eventually


async def test_finding_writing_and_archiving(cast: Cast, signed_in: SignedIn) -> None:
    customer = await cast.newcomer()
    page = await signed_in(customer.name, "/app/find?q=northwind", java_script_enabled=False)
    await page.get_by_role("button", name="Northwind Cycles").click()
    await pane(page).get_by_role("textbox", name="Message").fill("Sent by a <form>")
    await pane(page).get_by_role("button", name="Send", exact=True).click()
    await expect(pane(page)).to_contain_text("Sent by a <form>")
    await expect(pane(page).locator(".ticks")).to_be_visible()
    day = pane(page).locator(".row-day")
    assert await day.evaluate("node => getComputedStyle(node).position") == "static"  # covers nothing
    await expect(entry(page, "Northwind Cycles")).to_contain_text("Sent by a <form>")
    await pane(page).get_by_role("button", name="Archive").click()
    await expect(page.get_by_text("No conversations yet")).to_be_visible()
    await shown(page, "Archived").click()
    await entry(page, "Northwind Cycles").get_by_role("link").click()
    await pane(page).get_by_role("button", name="Move to inbox").click()
    await expect(entry(page, "Northwind Cycles")).to_be_visible()


@pytest.mark.shown
async def test_searching_and_answering(cast: Cast, signed_in: SignedIn) -> None:
    customer, _ = await newcomer_with_conversation(cast, "No scripts here either")
    page = await signed_in("amir", java_script_enabled=False)
    await page.get_by_role("searchbox", name="Search").fill(customer.name)
    await page.get_by_role("searchbox", name="Search").press("Enter")
    await expect(page.locator("[data-list-screen] [data-id]")).to_have_count(1)
    await entry(page, customer.name).get_by_role("link").click()
    await pane(page).get_by_role("button", name="Mark as read").click()
    await expect(pane(page).get_by_role("button", name="Mark as read")).to_have_count(0)
    await expect(entry(page, customer.name).locator("[data-field=unread]")).to_be_hidden()
    await pane(page).get_by_role("textbox", name="Message").fill("Understood")
    await pane(page).get_by_role("button", name="Send", exact=True).click()
    await expect(pane(page)).to_contain_text("Understood")


@pytest.mark.shown
async def test_notifications(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast)
    title = await make_offer(cast, conversation["id"])
    page = await signed_in(customer.name, "/app", java_script_enabled=False)
    await page.get_by_role("link", name="Notifications").click()
    await expect(page.get_by_text(title)).to_be_visible()
    await page.get_by_role("button", name="Accept").click()
    await expect(page.get_by_role("heading", name="Accept this offer?")).to_be_visible()
    await expect(page.get_by_text("€49.00")).to_be_visible()
    await page.get_by_role("link", name="Cancel").click()
    await page.get_by_role("button", name="Decline").click()
    await expect(page.get_by_role("button", name="Decline")).to_have_count(0)
    await page.get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("No notifications.")).to_be_visible()
    offers = await customer.rest.get(f"/offers?conversationId={conversation['id']}")
    assert [offer["status"] for offer in offers["results"]] == ["declined"]


@pytest.mark.shown
@pytest.mark.usefixtures("worker")
async def test_files_are_shown(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast)
    await send_by_rest(cast.olivia, conversation["id"], photo(), pdf())
    page = await signed_in(customer.name, f"/app/c/{conversation['id']}", java_script_enabled=False)
    shown_photo = pane(page).get_by_role("img", name="Photo: bike.jpg")
    await expect(shown_photo).to_have_attribute("width", "320")
    assert await shown_photo.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    async with page.expect_download() as download:
        await pane(page).get_by_role("link", name="Invoice 2024.pdf").click()
    assert (await download.value).suggested_filename == "Invoice 2024.pdf"


@pytest.mark.shown
@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_what_a_business_knows_of_a_customer(
    cast: Cast, signed_in: SignedIn, axe_source: str, width: int, theme: str
) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Is my bicycle ready?")
    where = conversation["id"]
    title = await make_offer(cast, where)
    body = {"businessId": cast.business_id, "name": f"urgent-{customer.id}"}
    label = await cast.olivia.rest.post("/team/labels", body)
    await cast.olivia.send(where, "Yes, since today.")
    changes = {"status": "resolved", "labelIds": [label["id"]], "assigneeId": cast.olivia.id}
    await cast.olivia.rest.patch(f"/chat/conversations/{where}/team", changes)

    async def is_measured() -> bool:
        known = await cast.olivia.rest.get(f"/chat/conversations/{where}/customer")
        return bool(known["episodes"])

    await eventually(is_measured, "the resolved episode")
    look: ViewportSize = {"width": width, "height": 844}
    path = f"/app/c/{where}"
    page = await signed_in("amir", path, viewport=look, color_scheme=theme, java_script_enabled=False)
    await pane(page).get_by_role("link", name="Customer", exact=True).click()
    await expect(page.get_by_role("heading", level=2)).to_have_text(customer.name)
    for text in (label["name"], title, "€49.00", "Resolved by Olivia Brand"):
        await expect(page.locator(".customer-alone")).to_contain_text(text)
    await assert_fits(page)
    # axe is a script itself, so it looks at the same page in a browser with scripts.
    scripted = await signed_in("amir", f"{path}/customer", viewport=look, color_scheme=theme)
    await expect(scripted.get_by_role("heading", level=2)).to_have_text(customer.name)
    await assert_accessible(scripted, axe_source)
    await cast.olivia.rest.delete(f"/team/labels/{label['id']}")
