"""Files are chosen, dropped or pasted, refused with clear texts, sent, cancelled, and downloaded."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.files import attach, pdf, photo, picture, send
from tests.browser.threads import ThreadPage, open_thread
from tests.harness.cast import Cast

pytestmark = [pytest.mark.shown, pytest.mark.usefixtures("worker")]

# What a browser does when somebody drops or pastes a file.
GIVE = """
(node, [type, name]) => {
  const data = new DataTransfer();
  data.items.add(new File(["%PDF-1.4 hello"], name, {type: "application/pdf"}));
  const more = type === "paste" ? {clipboardData: data} : {dataTransfer: data};
  const Kind = type === "paste" ? ClipboardEvent : DragEvent;
  node.dispatchEvent(new Kind(type, {bubbles: true, cancelable: true, ...more}));
}
"""


async def alone(cast: Cast, open_page: OpenPage) -> tuple[ThreadPage, str]:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    return await open_thread(open_page, customer, where), where


async def test_choosing_and_taking_back(cast: Cast, open_page: OpenPage) -> None:
    theirs, _ = await alone(cast, open_page)
    tray = theirs.root.get_by_role("list", name="Files to send")
    await attach(theirs, photo(), pdf())
    await expect(tray.get_by_role("listitem")).to_have_count(2)
    await tray.get_by_role("button", name="Remove bike.jpg").click()
    await expect(tray.get_by_role("button", name="Remove Invoice 2024.pdf")).to_be_focused()
    await tray.get_by_role("button", name="Remove Invoice 2024.pdf").click()
    await expect(tray).to_be_hidden()
    await expect(theirs.root.get_by_role("button", name="Send", exact=True)).to_be_disabled()


async def test_dropping_and_pasting(cast: Cast, open_page: OpenPage) -> None:
    theirs, _ = await alone(cast, open_page)
    overlay = theirs.root.get_by_text("Drop files here to attach them")
    await theirs.scroller.evaluate(GIVE, ["dragenter", "a.pdf"])
    await expect(overlay).to_be_visible()
    await theirs.scroller.evaluate(GIVE, ["dragleave", "a.pdf"])
    await expect(overlay).to_be_hidden()
    await theirs.scroller.evaluate(GIVE, ["dragenter", "dropped.pdf"])
    await theirs.scroller.evaluate(GIVE, ["drop", "dropped.pdf"])
    await expect(overlay).to_be_hidden()
    await theirs.field.evaluate(GIVE, ["paste", "pasted.pdf"])
    await expect(theirs.root.locator(".tray-name")).to_have_text(["dropped.pdf", "pasted.pdf"])
    await theirs.field.press("Enter")
    await expect(theirs.root.locator("a.file")).to_have_count(2)


async def test_a_private_note_takes_no_files(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    shop = await open_thread(open_page, cast.olivia, (await cast.conversation(customer))["id"])
    await shop.root.get_by_role("button", name="Private note").click()
    note = shop.root.get_by_role("textbox", name="Private note")
    await note.press_sequentially("They haggle")
    for kind in ("dragenter", "drop", "paste"):
        await note.evaluate(GIVE, [kind, "prices.pdf"])
    await expect(shop.root.get_by_text("Drop files here to attach them")).to_be_hidden()
    await shop.page.keyboard.type(", always")
    await expect(note).to_have_value("They haggle, always")
    await expect(shop.root.locator(".tray-name")).to_have_count(0)


async def test_files_that_cannot_be_sent_are_reported_at_once(
    cast: Cast, open_page: OpenPage, tmp_path: Path
) -> None:
    theirs, _ = await alone(cast, open_page)
    alert = theirs.root.get_by_role("alert")
    huge = tmp_path / "huge.pdf"
    huge.write_bytes(pdf(size=26 * 1024 * 1024)["buffer"])
    await attach(theirs, huge)
    await expect(alert).to_contain_text("huge.pdf is too large. The limit is 25 MB.")
    await attach(theirs, {"name": "empty.txt", "mimeType": "text/plain", "buffer": b""})
    await expect(alert).to_contain_text("empty.txt is empty.")
    await attach(theirs, *[photo(f"{number}.jpg") for number in range(11)])
    await expect(alert).to_contain_text("A message can have at most 10 files.")
    await expect(theirs.root.locator(".tray-item")).to_have_count(10)


async def test_a_refused_file_says_why_and_can_be_thrown_away(cast: Cast, open_page: OpenPage) -> None:
    theirs, _ = await alone(cast, open_page)
    theirs.page.allowed.append("Failed to load resource")  # type: ignore[attr-defined]
    program = {"name": "tool.pdf", "mimeType": "application/pdf", "buffer": b"MZ" + bytes(200)}
    await send(theirs, program)  # type: ignore[arg-type]
    failure = theirs.root.locator(".failure")
    await expect(failure).to_contain_text("Not sent. Files of this type cannot be sent.")
    await failure.get_by_role("button", name="Cancel").click()
    await expect(theirs.messages).to_have_count(0)


async def test_an_upload_shows_how_far_it_is_and_can_be_cancelled(cast: Cast, open_page: OpenPage) -> None:
    theirs, _ = await alone(cast, open_page)
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    await theirs.page.route("**/chat/uploads", hold)
    await send(theirs, pdf())
    await expect(theirs.root.get_by_role("progressbar", name="Upload")).to_be_visible()
    await theirs.write("Meanwhile")
    await expect(theirs.tick("Meanwhile")).to_have_attribute("aria-label", "Sent")
    await theirs.root.get_by_role("button", name="Cancel the upload").click()
    await expect(theirs.messages).to_have_count(1)
    await theirs.page.unroute("**/chat/uploads")


async def test_an_upload_survives_a_reload(cast: Cast, open_page: OpenPage) -> None:
    theirs, where = await alone(cast, open_page)
    shop = await open_thread(open_page, cast.olivia, where)

    async def hold(_: Route) -> None:
        """Hold the request forever."""

    await theirs.page.route("**/chat/uploads", hold)
    await send(theirs, photo(), text="From before")
    await expect(theirs.root.get_by_role("progressbar", name="Upload")).to_be_visible()
    await theirs.page.unroute("**/chat/uploads")
    await theirs.page.reload()
    await expect(picture(shop, "bike.jpg")).to_have_class("picture is-loaded")
    await expect(shop.messages).to_have_count(1)
