"""The landing page, signing in and signing out."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.async_api import expect

from tests.browser.axe import assert_accessible
from tests.browser.conftest import OpenPage, own_address, sign_in
from tests.harness.backend import Deployment
from tests.harness.cast import PASSWORD, Stage


async def test_a_stranger_signs_in_and_out(stage: Stage, open_page: OpenPage) -> None:
    page = await open_page(stage.deployment.server(0).url, extra_http_headers=own_address())
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await expect(page.get_by_role("link", name="API documentation")).to_be_visible()
    await expect(page.get_by_role("link", name="Administration")).to_have_count(0)
    await sign_in(page, "erin")
    await expect(page.get_by_role("heading", name="Messages", exact=True)).to_be_visible()
    await page.get_by_label("Settings", exact=True).first.click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await page.goto(stage.deployment.server(0).url + "/app")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.shown
async def test_a_stranger_makes_an_account(stage: Stage, open_page: OpenPage, axe_source: str) -> None:
    page = await open_page(stage.deployment.server(0).url, extra_http_headers=own_address())
    await page.get_by_role("link", name="Create an account").click()
    await page.get_by_label("Username").fill(f"newcomer-{uuid4().hex[:8]}")
    password = page.get_by_label("Password", exact=True)
    await password.fill(PASSWORD)
    await page.get_by_role("button", name="Show the password").click()
    await expect(password).to_have_attribute("type", "text")
    await assert_accessible(page, axe_source)
    await page.get_by_role("button", name="Create the account").click()
    await page.wait_for_url("**/app**")
    await expect(page.get_by_role("heading", name="Messages", exact=True)).to_be_visible()
    await expect(page.get_by_role("link", name="Administration")).to_have_count(0)


@pytest.mark.shown
async def test_a_demo_login_is_one_click(stage: Stage, open_page: OpenPage) -> None:
    page = await open_page(stage.deployment.server(0).url, extra_http_headers=own_address())
    await page.get_by_role("button", name="Amir Nasser").click()
    await expect(page.get_by_role("heading", name="Inbox")).to_be_visible()


@pytest.mark.shown
async def test_a_wrong_password_says_so_and_keeps_the_name(
    deployment: Deployment, open_page: OpenPage
) -> None:
    page = await open_page(deployment.server(0).url + "/sign-in", extra_http_headers=own_address())
    page.allowed.append("401")  # type: ignore[attr-defined]
    await page.get_by_label("Username").fill("nobody <b>")
    await page.get_by_label("Password", exact=True).fill("wrong")
    await page.locator("[data-entrance] .primary").click()
    await expect(page.get_by_role("alert")).to_contain_text("incorrect")
    await expect(page.get_by_label("Username")).to_have_value("nobody <b>")


@pytest.mark.shown
async def test_a_deep_link_leads_back_after_signing_in(stage: Stage, open_page: OpenPage) -> None:
    path = "/app?show=archived"
    page = await open_page(stage.deployment.server(0).url + path, extra_http_headers=own_address())
    await page.get_by_role("button", name="Amir Nasser").click()
    await expect(page).to_have_url(stage.deployment.server(0).url + path)


@pytest.mark.shown
async def test_another_language_and_theme_are_kept(stage: Stage, open_page: OpenPage) -> None:
    page = await open_page(stage.deployment.server(0).url)
    await page.get_by_label("Settings", exact=True).first.click()
    await page.get_by_role("radio", name="Dark").check()
    await page.get_by_label("Language").select_option("de")
    await expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "de")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
