"""A person who has forgotten the password gets a new one by mail."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.axe import assert_accessible
from tests.browser.conftest import OpenPage, own_address
from tests.browser.shell import PHONE, assert_fits, picture
from tests.harness.backend import Deployment
from tests.harness.cast import PASSWORD
from tests.harness.rest import eventually

pytestmark = pytest.mark.standalone

DESKTOP: Any = {"viewport": {"width": 1280, "height": 800}}
MAKE = """
from django.contrib.auth.models import User
for number in (390, 1280):
    User.objects.create_user(f"forgetful-{number}", f"forgetful-{number}@mail.example", "forgotten long ago")
"""
LINK = re.compile(r"https?://\S+?(/new-password/\S+)")


@pytest.fixture(scope="module")
def mailing(mailing_site: Deployment) -> Deployment:
    mailing_site.shell(MAKE)
    return mailing_site


async def link_in_the_mail(deployment: Deployment, address: str) -> str:
    """Wait for the mail to the address, and return the path of its link."""
    found: list[str] = []

    async def has_come() -> bool:
        _, is_there, mail = deployment.server(0).log.read_text(errors="replace").rpartition(f"To: {address}")
        links = LINK.findall(mail) if is_there else []
        found.extend(links)
        return bool(links)

    await eventually(has_come, "the mail with the link", timeout=30)
    return found[0]


async def looked_at(page: Page, axe_source: str, name: str) -> None:
    await assert_accessible(page, axe_source)
    await assert_fits(page)
    await picture(page, f"{name}-{(page.viewport_size or PHONE['viewport'])['width']}")


async def sign_in_with(page: Page, name: str, password: str) -> None:
    await page.get_by_label("Username").fill(name)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.locator("[data-entrance] .primary").click()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_a_new_password_by_mail(
    mailing: Deployment, open_page: OpenPage, axe_source: str, size: Any
) -> None:
    name = f"forgetful-{size['viewport']['width']}"
    site = mailing.server(0).url
    page = await open_page(f"{site}/sign-in", extra_http_headers=own_address(), **size)
    page.allowed.extend(["401", "404"])  # type: ignore[attr-defined]
    await page.get_by_role("link", name="Forgot your password?").click()
    await looked_at(page, axe_source, "forgot-password")
    await page.get_by_label("E-mail").fill(f"{name}@mail.example")
    await page.get_by_role("button", name="Send the link").click()
    await expect(page.get_by_role("heading", name="Check your e-mail")).to_be_visible()
    await looked_at(page, axe_source, "check-your-mail")

    link = await link_in_the_mail(mailing, f"{name}@mail.example")
    await page.goto(site + link)
    await expect(page.get_by_role("heading", name="Choose a new password")).to_be_visible()
    await looked_at(page, axe_source, "new-password")
    fields = page.locator("input[type=password]")
    for number in range(await fields.count()):
        await fields.nth(number).fill(PASSWORD)
    await page.get_by_role("button", name="Save the password").click()
    await expect(page.get_by_role("heading", name="Your password was changed")).to_be_visible()
    await looked_at(page, axe_source, "new-password-set")

    await page.get_by_role("link", name="Sign in").click()
    await sign_in_with(page, name, "forgotten long ago")
    await expect(page.get_by_role("alert")).to_contain_text("incorrect")
    await sign_in_with(page, name, PASSWORD)
    await page.wait_for_url("**/app**")
    await expect(page.locator("[data-list-screen]")).to_be_visible()

    again = await open_page(f"{site}/sign-in", **size)
    again.allowed.append("404")  # type: ignore[attr-defined]
    await again.goto(site + link)
    await expect(again.get_by_role("heading", name="This link no longer works")).to_be_visible()
