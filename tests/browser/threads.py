"""The conversation view in a browser, on a bare page at the address of a real server."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from playwright.async_api import Locator, Page, Route, expect

from chatsite.config.limits import Limits
from tests.browser.conftest import OpenPage
from tests.harness.cast import Person

FILES: Final = Path(__file__).parent / "harness"
PLACE: Final = "/static/web/test-harness/"
BUNDLES: Final = "/static/bundles/web/test-harness/"  # of `bundled_storage.py`

# As strict as the product's own pages: no other host, no inline code.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

Clock = Callable[[], Awaitable[None]]


async def serve(route: Route, *, place: str) -> None:
    """Serve the files of the test page, with the script and style sheet at `place`. All else comes from the server."""
    name = route.request.url.partition(PLACE)[2].partition("#")[0]
    kind = mimetypes.guess_type(name)[0] or "text/html"
    headers = {"Content-Security-Policy": POLICY, "Content-Type": f"{kind}; charset=utf-8"}
    body = (FILES / name).read_text()
    await route.fulfill(body=body.replace(PLACE, place), headers=headers)


@dataclass
class ThreadPage:
    """One person's window with one conversation."""

    page: Page
    root: Locator

    @property
    def messages(self) -> Locator:
        return self.root.locator(".row-message")

    @property
    def field(self) -> Locator:
        return self.root.get_by_role("textbox", name="Message")

    @property
    def scroller(self) -> Locator:
        return self.root.get_by_role("log")

    @property
    def latest(self) -> Locator:
        return self.root.locator(".latest")

    def said(self, text: str) -> Locator:
        """Return the row of the message with this text."""
        return self.messages.filter(has=self.page.get_by_text(text, exact=True))

    def tick(self, text: str) -> Locator:
        return self.said(text).locator(".ticks")

    async def write(self, text: str) -> None:
        await self.field.fill(text)
        await self.field.press("Enter")

    async def choose(self, text: str, action: str) -> None:
        """Choose an entry in the menu of the message's actions."""
        row = self.said(text)
        await row.hover()
        await row.get_by_role("button", name="Message actions").click()
        await self.root.get_by_role("menuitem", name=action, exact=True).click()

    async def distance_from_end(self) -> float:
        value: float = await self.scroller.evaluate("node => -node.scrollTop")
        return value


async def open_thread(
    open_page: OpenPage,
    person: Person,
    conversation_id: str,
    *,
    url: str | None = None,
    before: Callable[[Page], Awaitable[Any]] | None = None,
    **context: Any,
) -> ThreadPage:
    """Open the page. `before(page)` runs before the view is created. The keywords are those of `new_context`."""
    home = url or person.rest.url
    page = await open_page("about:blank", **context)
    # The test page does not come from the network, so Chromium asks before the page may connect to this machine.
    await page.context.grant_permissions(["local-network-access"])
    bundle = await page.context.request.head(f"{home}{BUNDLES}page.js")
    place = BUNDLES if bundle.ok else PLACE
    await page.context.route(f"**{PLACE}**", partial(serve, place=place))
    if before:
        await before(page)
    await enter(page, person, conversation_id, home)
    return await opened(page)


async def enter(page: Page, person: Person, conversation_id: str, home: str) -> None:
    me = await person.rest.get("/auth/me")
    session = {
        "token": person.access,
        "conversationId": conversation_id,
        "me": {"id": me["id"], "name": me["name"]},
        "seed": {"limit": Limits.message_length},
    }
    await page.goto(f"{home}{PLACE}page.html#{quote(json.dumps(session))}")


async def opened(page: Page) -> ThreadPage:
    root = page.locator(".thread.is-live")
    await expect(root).to_have_attribute("aria-busy", "false")
    return ThreadPage(page, root)
