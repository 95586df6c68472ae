"""Photos are sent from one browser, shown in another and in its viewer, and deleted with their message."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.browser.axe import assert_accessible
from tests.browser.conftest import OpenPage
from tests.browser.files import attach, photo, picture, send
from tests.browser.threads import ThreadPage, open_thread
from tests.harness.cast import Cast

pytestmark = [pytest.mark.shown, pytest.mark.usefixtures("worker")]

SIZES = "tiles => tiles.map(tile => [tile.offsetWidth, tile.offsetHeight])"


async def both(cast: Cast, open_page: OpenPage, **context: Any) -> tuple[ThreadPage, ThreadPage]:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    theirs = await open_thread(open_page, customer, where, **context)
    return theirs, await open_thread(open_page, cast.olivia, where, **context)


async def test_several_photos_have_their_places_before_they_are_loaded(
    cast: Cast, open_page: OpenPage
) -> None:
    theirs, shop = await both(cast, open_page)
    tiles = shop.root.locator(".picture")
    for photos in ([photo("one.jpg", (400, 700))], [photo(f"{place}.jpg", (300, 400)) for place in range(6)]):
        await send(theirs, *photos)
        await expect(shop.messages.last.locator(".picture")).to_have_count(min(4, len(photos)))
        before = await tiles.evaluate_all(SIZES)
        await expect(shop.messages.last.locator(".picture.is-loaded")).to_have_count(min(4, len(photos)))
        assert await tiles.evaluate_all(SIZES) == before
        assert all(width >= 100 and height >= 100 for width, height in before)
    await expect(shop.root.locator(".picture-more").last).to_have_text("+2")


async def test_the_viewer_by_keyboard(cast: Cast, open_page: OpenPage, axe_source: str) -> None:
    theirs, shop = await both(cast, open_page)
    await attach(theirs, photo("first.jpg"), photo("second.jpg"))
    await describe(theirs, "second.jpg", "A golden frame", axe_source)
    await theirs.field.press("Enter")
    await expect(shop.root.locator(".picture.is-loaded")).to_have_count(2)
    row = shop.messages.last
    await row.focus()
    await shop.page.keyboard.press("Tab")
    await expect(picture(shop, "first.jpg")).to_be_focused()
    await shop.page.keyboard.press("Enter")
    viewer = shop.root.get_by_role("dialog", name="Photos and videos")
    await expect(viewer.get_by_role("img", name="first.jpg")).to_be_visible()
    await expect(viewer.get_by_role("button", name="Previous")).to_be_hidden()
    await assert_accessible(shop.page, axe_source)
    await shop.page.keyboard.press("ArrowRight")
    second = viewer.get_by_role("img", name="A golden frame")
    await expect(second).to_be_visible()
    await expect(viewer.get_by_text("A golden frame")).to_be_visible()
    await expect(viewer.locator(".viewer-name")).to_contain_text("2 of 2")
    await shop.page.keyboard.press("+")
    await expect(second).to_have_class("viewer-image is-zoomed")
    await shop.page.keyboard.press("0")
    await expect(second).to_have_class("viewer-image")
    await assert_fingers_work(shop, viewer)
    async with shop.page.expect_download() as download:
        await viewer.get_by_role("link", name="Download second.jpg").click()
    assert (await download.value).suggested_filename == "second.jpg"
    await shop.page.keyboard.press("Escape")
    await expect(viewer).to_have_count(0)
    await expect(picture(shop, "first.jpg")).to_be_focused()


async def describe(thread: ThreadPage, name: str, text: str, axe_source: str) -> None:
    """Enter the description of a chosen picture. The dialog takes the focus, and returns it."""
    await thread.root.get_by_role("button", name=f"Describe {name}").click()
    dialog = thread.page.get_by_role("dialog", name="Describe the picture")
    await dialog.get_by_role("textbox", name=f"What does {name} show?").fill(text)
    await assert_accessible(thread.page, axe_source)
    await dialog.get_by_role("button", name="Save").click()
    await expect(thread.root.get_by_role("button", name=f"Change the description of {name}")).to_be_focused()
    await thread.field.focus()


async def assert_fingers_work(shop: ThreadPage, viewer: Locator) -> None:
    """Check touch: two fingers zoom the second of two pictures.

    One finger swipes between them, or moves a zoomed one.
    """
    cdp = await shop.page.context.new_cdp_session(shop.page)

    async def move(*fingers: tuple[tuple[int, int], tuple[int, int]]) -> None:
        for kind, step in (
            ("touchStart", 0),
            *(("touchMove", step) for step in range(1, 6)),
            ("touchEnd", 5),
        ):
            points = [
                {"id": number, "x": x + (to_x - x) * step // 5, "y": y + (to_y - y) * step // 5}
                for number, ((x, y), (to_x, to_y)) in enumerate(fingers)
            ]
            touches = [] if kind == "touchEnd" else points
            await cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    name, image = viewer.locator(".viewer-name"), viewer.locator(".viewer-image")
    await move(((600, 400), (500, 400)), ((640, 400), (740, 400)))
    await expect(image).to_have_class("viewer-image is-zoomed")
    await move(((500, 400), (700, 410)))
    await expect(name).to_contain_text("2 of 2")
    await shop.page.keyboard.press("0")
    await move(((500, 400), (700, 410)))
    await expect(name).to_contain_text("1 of 2")
    await move(((700, 400), (500, 410)))
    await expect(name).to_contain_text("2 of 2")


async def test_a_deleted_message_takes_its_photo_along(cast: Cast, open_page: OpenPage) -> None:
    theirs, shop = await both(cast, open_page)
    await send(theirs, photo())
    await expect(picture(shop, "bike.jpg")).to_have_class("picture is-loaded")
    await picture(shop, "bike.jpg").click()
    viewer = shop.root.get_by_role("dialog", name="Photos and videos")
    await expect(viewer).to_be_visible()
    where = await theirs.page.evaluate("chat.client.snapshot.conversations[0].id")
    sent = await theirs.page.evaluate(f"chat.client.conversation('{where}').messages.at(-1).id")
    await theirs.page.evaluate(f"chat.client.deleteMessage('{sent}')")
    await expect(viewer).to_have_count(0)
    await expect(picture(shop, "bike.jpg")).to_have_count(0)
    await expect(picture(theirs, "bike.jpg")).to_have_count(0)


async def test_a_photo_is_quoted_by_its_kind(cast: Cast, open_page: OpenPage) -> None:
    theirs, shop = await both(cast, open_page)
    await send(theirs, photo())
    await expect(picture(shop, "bike.jpg")).to_be_visible()
    await shop.messages.last.focus()
    await shop.page.keyboard.press("r")
    await shop.write("Nice")
    await expect(theirs.said("Nice").locator(".quote-text")).to_have_text("Photo")


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_files_of_all_kinds_are_accessible(
    cast: Cast, open_page: OpenPage, axe_source: str, theme: str
) -> None:
    theirs, shop = await both(cast, open_page, viewport={"width": 390, "height": 844}, color_scheme=theme)
    await send(theirs, photo(), photo("b.jpg"), photo("c.jpg"), text="Three of them")
    await expect(shop.root.locator(".picture.is-loaded")).to_have_count(3)
    await attach(theirs, photo())
    for thread in (theirs, shop):
        await assert_accessible(thread.page, axe_source)
        widths = await thread.root.evaluate("node => [node.scrollWidth, node.clientWidth]")
        assert widths[0] <= widths[1]
