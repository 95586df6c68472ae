"""The pages behind the links of mails have the site's look, light and dark."""

from __future__ import annotations

from typing import Final
from urllib.parse import urljoin

import pytest
from playwright.async_api import Page, expect

from tests.browser.axe import assert_accessible
from tests.browser.conftest import OpenScreen
from tests.browser.screens import Screens
from tests.browser.shell import PHONE, assert_fits

pytestmark = pytest.mark.standalone

NAMES: Final = (
    "rating-chosen",
    "rating-closed",
    "unsubscribe",
    "unsubscribe-unknown",
    "decline-invitation",
    "decline-closed",
    "invitation",
    "old-link",
    "not-found",
)
LIGHTNESS: Final = """() => {
    const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number);
    return (red + green + blue) / 3;
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_every_page_has_the_theme(
    screens: list[Screens], open_screen: OpenScreen, axe_source: str, theme: str
) -> None:
    page = await open_screen(screens[0], "/healthz", color_scheme=theme, **PHONE)
    page.allowed.append("404")  # type: ignore[attr-defined]
    for name in NAMES:
        await page.goto(urljoin(page.url, screens[0].paths[name]))
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await expect(page.locator("link[rel=icon]")).to_have_count(1)
        assert (await page.evaluate(LIGHTNESS) > 128) is (theme == "light"), name
        await assert_accessible(page, axe_source)
        await assert_fits(page)


async def brand(page: Page) -> None:
    await expect(page.get_by_role("link", name="Business chat")).to_be_visible()


async def test_a_mail_leads_to_a_rating_and_to_its_end(
    screens: list[Screens], open_screen: OpenScreen
) -> None:
    paths = screens[0].paths
    page = await open_screen(screens[0], paths["rating-chosen"])
    await brand(page)
    await page.get_by_label("Comment").fill("Lovely binding")
    await page.get_by_role("button", name="Send rating").click()
    await expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
    await page.goto(urljoin(page.url, paths["unsubscribe"]))
    await brand(page)
    await page.get_by_role("button", name="Stop these e-mails").click()
    await expect(page.get_by_text("You will receive no more e-mails")).to_be_visible()
