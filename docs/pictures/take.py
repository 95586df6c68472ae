"""Takes the pictures of the web page: a server of its own with the demo data, and headless Chromium.

    DEBUG=1 python docs/pictures/take.py [FOLDER]

Writes inbox-light.png, inbox-dark.png, phone-light.png, phone-dark.png and transcript.png beside itself or into FOLDER.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from PIL import Image  # noqa: E402
from playwright.async_api import Browser, Page, async_playwright  # noqa: E402

from tests.harness.backend import Deployment  # noqa: E402

PASSWORD: Final = "demo-pass-1"
DESKTOP: Final[dict[str, Any]] = {"viewport": {"width": 1280, "height": 800}, "device_scale_factor": 1.5}
PHONE: Final[dict[str, Any]] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}

MODERATOR: Final = f"""
from django.contrib.auth.models import Group, User
User.objects.create_user("maria", password={PASSWORD!r}, is_staff=True).groups.add(Group.objects.get(name="moderator"))
"""


async def enter(browser: Browser, site: str, name: str, **options: Any) -> Page:
    context = await browser.new_context(locale="en", reduced_motion="reduce", **options)
    page = await context.new_page()
    await page.goto(f"{site}/sign-in")
    await page.get_by_label("Username").fill(name)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.locator("[data-entrance] .primary").click()
    await page.locator("html[data-ready]").wait_for(state="attached")
    return page


async def open_carol(page: Page, name: str) -> None:
    await page.locator("[data-list-screen]").get_by_text(name, exact=True).click()
    await page.locator(".pane").get_by_text("Wonderful, thank you!").wait_for()
    await page.evaluate("document.activeElement.blur()")


async def save(page: Page, path: Path) -> None:
    """Take a picture in which nothing is under the mouse, with at most 256 colours, which is a third of the size."""
    await page.mouse.move(0, 0)
    await page.evaluate("document.fonts.ready")
    await page.wait_for_timeout(500)
    await page.screenshot(path=path)
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(256).save(path, optimize=True)


async def take(site: str, folder: Path) -> None:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        colleague = await enter(browser, site, "amir", **DESKTOP)
        await colleague.locator("[data-list-screen]").get_by_text("Dave Okafor", exact=True).click()
        await enter(browser, site, "dave", **DESKTOP)  # who is online shows a dot
        for theme in ("light", "dark"):
            page = await enter(browser, site, "olivia", color_scheme=theme, **DESKTOP)
            await open_carol(page, "Carol Jensen")
            await page.get_by_text("Amir Nasser is viewing this").first.wait_for(state="attached")
            await save(page, folder / f"inbox-{theme}.png")
            phone = await enter(browser, site, "carol", color_scheme=theme, **PHONE)
            await open_carol(phone, "Northwind Cycles")
            await save(phone, folder / f"phone-{theme}.png")
        await browser.close()


async def take_transcript(site: str, folder: Path) -> None:
    """Take a picture of a conversation as a moderator sees it."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        page = await browser.new_page(viewport={"width": 1100, "height": 760}, color_scheme="light")
        await page.goto(f"{site}/admin/conversations/conversation/")
        await page.get_by_label("Username").fill("maria")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Log in").click()
        await page.get_by_role("link", name="Carol Jensen with Northwind Cycles").click()
        await page.get_by_text("This is the start of the conversation.").wait_for()
        await save(page, folder / "transcript.png")
        await browser.close()


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    with tempfile.TemporaryDirectory() as state, Deployment.embedded(Path(state)) as deployment:
        deployment.manage("demo", "--force")
        deployment.manage("shell", "--command", MODERATOR)
        asyncio.run(take(deployment.server(0).url, folder))
        asyncio.run(take_transcript(deployment.server(0).url, folder))


if __name__ == "__main__":
    main()
