"""The widget on another site's page, in a browser: a customer there and the business talk."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import FrameLocator, Locator, Page, expect

from tests.browser.axe import assert_accessible
from tests.browser.conftest import OpenPage
from tests.browser.hosts import HostSite, WidgetShop
from tests.harness.backend import Deployment
from tests.harness.client import LiveClient
from tests.harness.patience import patience
from tests.harness.rest import RestClient, eventually

pytestmark = pytest.mark.shown

EVIL = "<img src=x onerror=document.title='taken'>"


@pytest.fixture(scope="module")
def host(deployment: Deployment) -> Iterator[HostSite]:
    with HostSite(deployment.server(0).url) as site:
        yield site


@pytest.fixture(scope="module")
def shop(deployment: Deployment, host: HostSite) -> WidgetShop:
    return WidgetShop.make(
        deployment,
        name=f"Tea {EVIL}",
        origins=[host.origin],
        guests_allowed=True,
        greeting=f"Good day {EVIL}",
        accent="#b45309",
    )


@dataclass
class Counter:
    """The business's side, on another process if there is one."""

    live: LiveClient
    rest: RestClient

    async def hears(self, content: str) -> str:
        """Wait for a customer's message, and return the id of its conversation."""
        told = await self.live.expect(
            "conversation_updated", lambda data: data["conversation"]["lastMessage"] == content, timeout=15
        )
        conversation_id: str = told["conversationId"]
        return conversation_id

    async def says(self, conversation_id: str, content: str) -> None:
        await self.rest.post(f"/chat/conversations/{conversation_id}/messages", {"content": content})

    async def sees_page(self, conversation_id: str, url: str) -> bool:
        panel = await self.rest.get(f"/chat/conversations/{conversation_id}/customer")
        return panel["page"] is not None and panel["page"]["url"] == url

    async def resolves(self, conversation_id: str) -> None:
        await self.rest.patch(f"/chat/conversations/{conversation_id}/team", {"status": "resolved"})


@pytest_asyncio.fixture(loop_scope="session")
async def counter(deployment: Deployment, shop: WidgetShop) -> AsyncIterator[Counter]:
    there = deployment.server(1)
    async with (
        await LiveClient.open(there.live_url, shop.owner_access) as live,
        RestClient(there.url, shop.owner_access) as rest,
    ):
        yield Counter(live, rest)


def launcher(page: Page) -> Locator:
    return page.locator("business-chat .launcher")


def badge(page: Page) -> Locator:
    return page.locator("business-chat .badge")


def frame(page: Page) -> FrameLocator:
    return page.frame_locator("business-chat iframe")


async def write(page: Page, content: str) -> None:
    """Write with the keyboard alone. The text field has the focus when the chat opens."""
    await expect(frame(page).get_by_role("textbox")).to_be_focused(timeout=patience(15_000))
    await page.keyboard.type(content)
    await page.keyboard.press("Enter")
    await expect(frame(page).get_by_text(content, exact=True)).to_be_visible()


@pytest.mark.usefixtures("worker")
async def test_a_customer_writes_is_answered_and_rates(
    host: HostSite, shop: WidgetShop, counter: Counter, open_page: OpenPage, axe_source: str
) -> None:
    await counter.rest.request("PUT", f"/team/csat/{shop.business_id}", {"enabled": True})
    address = host.with_widget("/signed", shop, token=shop.sign("ada", "Ada"))
    page = await open_page(address)
    await page.evaluate(
        "() => { window.heard = []; BusinessChat.on('unread', (count) => heard.push(count)); }"
    )
    await launcher(page).click()
    await write(page, "Is the Assam back?")
    conversation_id = await counter.hears("Is the Assam back?")
    inside = next(part for part in page.frames if "/widget/frame/" in part.url)
    await assert_accessible(inside, axe_source)
    await eventually(lambda: counter.sees_page(conversation_id, host.origin + "/signed"), "the page")
    await counter.says(conversation_id, "Since this morning.")
    await expect(frame(page).get_by_text("Since this morning.", exact=True)).to_be_visible()

    await page.keyboard.press("Escape")
    await expect(launcher(page)).to_be_focused()
    await expect(page.locator("business-chat .panel")).to_be_hidden()
    await counter.says(conversation_id, "Shall we keep some?")
    await expect(badge(page)).to_have_text("1")
    await expect(launcher(page)).to_have_accessible_name(re.compile("unread messages: 1"))
    assert await page.evaluate("[BusinessChat.unread, heard.at(-1)]") == [1, 1]

    # The page is reloaded with a used token. The frame knows the person, and shows the unread count.
    await page.goto(address)
    await expect(badge(page)).to_have_text("1", timeout=patience(15_000))
    await launcher(page).press("Enter")
    await expect(frame(page).get_by_text("Shall we keep some?", exact=True)).to_be_visible()
    await expect(frame(page).get_by_text("Is the Assam back?", exact=True)).to_be_visible()
    await counter.resolves(conversation_id)
    await frame(page).get_by_role("radio", name="Very good").check()
    await frame(page).get_by_role("button", name="Send rating").click()
    await expect(frame(page).locator(".rating-thanks")).to_have_text("Thank you! Your rating: Very good")
    await page.keyboard.press("Escape")
    await expect(badge(page)).to_be_hidden()


async def test_a_guest_comes_back_as_the_same_one(
    host: HostSite, shop: WidgetShop, counter: Counter, open_page: OpenPage
) -> None:
    page = await open_page(host.with_widget("/guest", shop))
    await launcher(page).click()
    before = await counter.rest.get("/chat/conversations")
    await write(page, f"I am {EVIL}")
    conversation_id = await counter.hears(f"I am {EVIL}")
    assert conversation_id not in [
        row["id"] for row in before["results"]
    ]  # opening the widget creates no conversation
    await frame(page).get_by_role("textbox", name="Your name").fill(EVIL)
    await page.keyboard.press("Enter")
    await expect(frame(page).get_by_role("textbox", name="Your name")).to_be_hidden()
    conversation = await counter.rest.get(f"/chat/conversations/{conversation_id}")
    assert conversation["customer"]["name"] == EVIL

    # Another tab of the same browser shows all texts as plain text.
    tab = await page.context.new_page()
    await tab.goto(host.origin + "/guest")
    await launcher(tab).click()
    await expect(frame(tab).get_by_text(f"I am {EVIL}", exact=True)).to_be_visible(timeout=patience(15_000))
    for seen in (page, tab):
        inside = next(part for part in seen.frames if "/widget/frame/" in part.url)
        assert await inside.title() == f"Tea {EVIL}"
        assert await inside.locator("img").count() == 0
        assert await seen.title() == "Host"


async def test_signing_out_on_the_host_leaves_nothing_behind(
    host: HostSite, shop: WidgetShop, counter: Counter, open_page: OpenPage
) -> None:
    page = await open_page(host.with_widget("/switch", shop, token=shop.sign("eve", "Eve")))
    await launcher(page).click()
    await expect(frame(page).get_by_role("textbox", name="Message")).to_be_focused(timeout=patience(15_000))
    before = await counter.rest.get("/chat/conversations")
    await write(page, "Only Eve may read this")
    begun = await counter.hears("Only Eve may read this")
    assert begun not in [row["id"] for row in before["results"]]  # opening the widget creates no conversation
    await page.evaluate("BusinessChat.logout()")
    await expect(frame(page).get_by_role("textbox", name="Message")).to_be_visible()
    await expect(frame(page).get_by_text("Only Eve may read this")).to_have_count(0)
    # A private window forbids storage in the frame, so the page stores the data.
    kept = await page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
    assert kept == []

    # Somebody else signs in, by a function that asks the host's server.
    await page.evaluate("(token) => BusinessChat.identify(async () => token)", shop.sign("bob", "Bob"))
    await write(page, "Bob is here")
    await expect(frame(page).get_by_text("Only Eve may read this")).to_have_count(0)


async def test_a_foreign_origin_gets_neither_button_nor_frame(
    deployment: Deployment, shop: WidgetShop, open_page: OpenPage
) -> None:
    chat = deployment.server(0).url
    with HostSite(chat) as stranger:
        warned = []
        page = await open_page(stranger.page("/", "<p>nothing</p>"))
        page.allowed.append("frame-ancestors")  # type: ignore[attr-defined]
        page.allowed.append("Framing")  # type: ignore[attr-defined]
        page.on("console", lambda message: warned.append(message.text))
        async with page.expect_console_message(lambda message: "may be shown on" in message.text):
            await page.goto(stranger.with_widget("/widget", shop))
        assert await page.locator("business-chat").count() == 0
        await page.goto(stranger.page("/frame", f'<iframe src="{chat}/widget/frame/{shop.slug}"></iframe>'))
        assert any("frame-ancestors" in text for text in warned)
        (framed,) = page.frames[1:]
        assert await framed.locator("#widget").count() == 0


async def test_the_host_and_the_widget_do_not_touch_each_other(
    host: HostSite, shop: WidgetShop, open_page: OpenPage
) -> None:
    before = await (await open_page(host.page("/bare", "<h1>Tea</h1>"))).evaluate("Object.keys(window)")
    page = await open_page(host.with_widget("/both", shop))
    await expect(launcher(page)).to_be_visible()
    names = await page.evaluate("Object.keys(window)")
    assert set(names) - set(before) == {"BusinessChat"}
    assert await page.locator("iframe").count() == 0  # the chat is not loaded before somebody opens it
    # The widget ignores messages of the page to itself and of other frames.
    await page.evaluate("postMessage({businessChat: 1, type: 'unread', count: 7}, '*')")
    await launcher(page).click()
    await expect(frame(page).get_by_role("textbox", name="Message")).to_be_visible(timeout=patience(15_000))
    assert await page.evaluate("BusinessChat.unread") == 0
    await page.evaluate("BusinessChat.destroy()")
    assert await page.locator("business-chat").count() == 0
    assert await page.evaluate("'BusinessChat' in window") is False


async def test_on_a_phone_in_the_dark_with_a_form_first(
    host: HostSite, deployment: Deployment, open_page: OpenPage, axe_source: str
) -> None:
    form: dict[str, Any] = {"asks_first": True, "form_question": f"Which tea {EVIL}?"}
    asking = WidgetShop.make(deployment, origins=[host.origin], guests_allowed=True, **form)
    page = await open_page(
        host.with_widget("/phone", asking, head='<meta name="color-scheme" content="light dark">'),
        viewport={"width": 360, "height": 640},
        color_scheme="dark",
        is_mobile=True,
        has_touch=True,
        reduced_motion="reduce",
    )
    await launcher(page).tap()
    await expect(frame(page).get_by_role("button", name="Send")).to_be_visible(timeout=patience(15_000))
    inside = next(part for part in page.frames if "/widget/frame/" in part.url)
    await assert_accessible(inside, axe_source)
    panel = page.locator("business-chat .panel")
    assert await panel.bounding_box() == {"x": 0, "y": 0, "width": 360, "height": 640}
    await expect(panel).to_have_attribute("aria-modal", "true")
    await expect(frame(page).locator("html")).to_have_attribute("data-theme", "dark")
    field = frame(page).get_by_role("textbox", name="Message")
    await field.fill("Good evening")
    await frame(page).get_by_role("button", name="Send").tap()
    await expect(frame(page).get_by_role("textbox", name="Your name")).to_be_focused()  # it is required
    await frame(page).get_by_role("textbox", name="Your name").fill("Robin")
    if await frame(page).get_by_role("textbox", name="E-mail address").count():
        await frame(page).get_by_role("textbox", name="E-mail address").fill("robin@mail.example")
    await frame(page).get_by_role("textbox", name="Which tea").fill(EVIL)
    await frame(page).get_by_role("button", name="Send").tap()
    await expect(frame(page).get_by_text("Good evening", exact=True)).to_be_visible()
    await expect(frame(page).get_by_role("textbox", name="Your name")).to_be_hidden()
    async with RestClient(deployment.server(1).url, asking.owner_access) as owner:
        [conversation] = (await owner.get("/chat/conversations"))["results"]
        known = await owner.get(f"/chat/conversations/{conversation['id']}/customer")
    assert known["customer"]["name"] == "Robin"
    assert known["answers"] == [{"name": f"Which tea {EVIL}?", "value": EVIL}]
    await frame(page).get_by_role("button", name="Close the chat").tap()
    await expect(panel).to_be_hidden()
    await expect(launcher(page)).to_be_visible()


async def test_a_host_page_fetches_only_the_loader_until_the_chat_is_opened(
    host: HostSite, shop: WidgetShop, open_page: OpenPage
) -> None:
    page = await open_page(host.page("/before", "<h1>Tea</h1>"))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(host.with_widget("/counted", shop))
    await expect(launcher(page)).to_be_visible()
    await page.wait_for_load_state("networkidle")
    chats = [url.removeprefix(host.chat) for url in asked if url.startswith(host.chat)]
    scripts = [path for path in chats if re.match(r"/static/(bundles/)?widget/host/", path)]
    assert [path.partition("?")[0] for path in chats if path not in scripts] == [
        "/widget/v1.js",
        f"/widget/config/{shop.slug}.js",
    ]
    assert len(scripts) == len(set(scripts)) > 0
    assert [url for url in asked if not url.startswith((host.chat, host.origin))] == []
    asked.clear()
    await launcher(page).click()
    await expect(frame(page).get_by_role("textbox", name="Message")).to_be_visible(timeout=patience(15_000))
    opened = [url.removeprefix(host.chat) for url in asked]
    assert opened[0].startswith(f"/widget/frame/{shop.slug}")
    assert any(re.match(r"/static/(bundles/)?widget/frame/", path) for path in opened)
