"""The page while the server is down: its messages, and what still works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenPage, own_address, sign_in
from tests.browser.shell import entry, pane, ready, write
from tests.conftest import flavours
from tests.harness.backend import Deployment
from tests.harness.cast import Stage
from tests.harness.patience import patience
from tests.harness.services import PostgreSQL


@pytest.fixture(params=flavours())
def fragile(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Deployment]:
    """A separate deployment that the test may stop."""
    if request.param == "embedded":
        made = Deployment.embedded(tmp_path)
    else:
        postgres: PostgreSQL = request.getfixturevalue("postgres")
        made = Deployment.services(tmp_path, postgres, kinds=["uvicorn"])
    with made as deployment:
        yield deployment


async def test_the_banner_comes_and_goes_and_nothing_is_lost(
    fragile: Deployment, open_page: OpenPage
) -> None:
    Stage.set_up(fragile)
    server = fragile.server(0)
    page = await open_page(server.url + "/sign-in", extra_http_headers=own_address())
    for part in ("WebSocket", "ERR_CONNECTION", "Failed to load resource"):
        page.allowed.append(part)  # type: ignore[attr-defined]
    await sign_in(page, "olivia")
    await ready(page)
    await entry(page, "Carol Jensen").get_by_role("link").click()
    await expect(pane(page)).to_contain_text("Wonderful, thank you!")
    banner = page.locator("[data-banner]")
    await expect(banner).to_be_hidden()
    server.kill9()
    await expect(banner).to_have_text("Reconnecting to chat…")
    await write(page, "Written without a server")
    tick = entry(page, "Carol Jensen").locator("[data-field=tick]")
    await expect(tick).to_have_attribute("data-status", "sending")
    await entry(page, "Dave Okafor").get_by_role("link").click()
    await expect(page.get_by_role("heading", name="This conversation could not be loaded")).to_be_visible()
    server.start()
    await expect(banner).to_be_hidden(timeout=patience(20_000))
    await expect(pane(page)).to_contain_text("On my way")  # without a click
    await expect(entry(page, "Carol Jensen")).to_contain_text("Written without a server")
    await page.context.set_offline(True)
    await expect(banner).to_contain_text("You are offline")
    await page.context.set_offline(False)
    await expect(banner).to_be_hidden(timeout=patience(20_000))


@pytest.mark.shown
async def test_an_ended_session_says_so_until_the_next_one(stage: Stage, open_page: OpenPage) -> None:
    site = stage.deployment.server(0).url
    page = await open_page(site + "/sign-in", extra_http_headers=own_address())
    page.allowed.append("401")  # type: ignore[attr-defined]
    page.allowed.append("403")  # type: ignore[attr-defined]
    page.allowed.append("WebSocket")  # type: ignore[attr-defined]
    await sign_in(page, "dave")
    await ready(page)
    second = await page.context.new_page()
    await second.goto(site + "/app")
    await second.get_by_label("Settings", exact=True).first.click()
    await second.get_by_role("button", name="Sign out").click()
    await expect(page.locator("[data-banner]")).to_contain_text(
        "You have been signed out", timeout=patience(20_000)
    )
    await expect(page.get_by_role("link", name="Sign in again")).to_be_visible()
    await second.set_extra_http_headers(own_address())
    await second.goto(site + "/sign-in")
    await sign_in(second, "dave")
    await page.evaluate("dispatchEvent(new Event('focus'))")  # Dave comes back to the first tab
    await expect(page.locator("[data-banner]")).to_be_hidden(timeout=patience(20_000))
    await ready(page)
