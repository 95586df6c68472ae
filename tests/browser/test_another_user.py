"""Another user signs in in the same browser, in another tab."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, Route, WebSocketRoute, expect

from tests.browser.conftest import SignedIn, own_address, sign_in
from tests.browser.shell import entry, loaded, newcomer_with_conversation, pane, ready, write
from tests.harness.cast import PASSWORD, Cast, Person
from tests.harness.patience import patience
from tests.harness.rest import eventually

pytestmark = pytest.mark.shown

CHAT = re.compile("/chat/")
TROUBLE = ("401", "403", "WebSocket", "net::ERR")


async def next_user(page: Page, name: str) -> Page:
    """Sign in as another person in a second tab."""
    tab = await page.context.new_page()
    await tab.set_extra_http_headers(own_address())
    await tab.context.clear_cookies(name="sessionid")
    await tab.goto(page.url.partition("/app")[0] + "/sign-in")
    await sign_in(tab, name)
    return tab


async def test_a_page_leaves_for_the_new_user(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "For Olivia alone")
    page = await loaded(await signed_in("olivia", f"/app/c/{conversation['id']}"))
    page.allowed.extend(TROUBLE)  # type: ignore[attr-defined]
    await expect(pane(page)).to_contain_text("For Olivia alone")
    await next_user(page, "dave")
    await expect(page).to_have_url(re.compile("/app$"), timeout=patience(20_000))
    await loaded(page)
    await expect(page.get_by_role("heading", name="Messages", exact=True)).to_be_visible()
    await expect(entry(page, customer.name)).to_have_count(0)


ADMINISTRATOR = """
from django.contrib.auth import get_user_model
get_user_model().objects.create_superuser("root-{name}", password="{password}")
"""


async def sign_in_to_admin(page: Page, cast: Cast, customer: Person) -> None:
    """Sign in as a new administrator in a second tab, in Django admin."""
    cast.stage.deployment.shell(ADMINISTRATOR.format(name=customer.name, password=PASSWORD))
    tab = await page.context.new_page()
    await tab.set_extra_http_headers(own_address())
    await tab.goto(page.url.partition("/app")[0] + "/admin/")
    await tab.get_by_label("Username").fill(f"root-{customer.name}")
    await tab.get_by_label("Password").fill(PASSWORD)
    await tab.get_by_role("button", name="Log in").click()
    await expect(tab.get_by_role("heading", name="Administration")).to_be_visible()


async def test_a_page_leaves_for_a_user_of_django_admin(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "For Olivia alone")
    page = await loaded(await signed_in("olivia", f"/app/c/{conversation['id']}"))
    page.allowed.extend(TROUBLE)  # type: ignore[attr-defined]
    await expect(pane(page)).to_contain_text("For Olivia alone")
    await sign_in_to_admin(page, cast, customer)
    await expect(page).to_have_url(re.compile("/app$"), timeout=patience(20_000))
    await loaded(page)
    await expect(entry(page, customer.name)).to_have_count(0)


# Chromium without a screen has no other window, and shows every tab.
RETURNS = (
    "dispatchEvent(new Event('focus'))",
    "document.dispatchEvent(new Event('visibilitychange'))",
)


@pytest.mark.parametrize("coming_back", RETURNS, ids=["window", "tab"])
async def test_a_page_of_settings_leaves_for_a_user_of_django_admin(
    cast: Cast, signed_in: SignedIn, coming_back: str
) -> None:
    customer = await cast.newcomer()
    page = await signed_in("olivia", f"/app/team/{cast.business_id}/members")
    await sign_in_to_admin(page, cast, customer)
    await page.evaluate(coming_back)
    await expect(page).to_have_url(re.compile("/app$"), timeout=patience(20_000))


async def test_a_page_of_settings_leaves_too(cast: Cast, signed_in: SignedIn) -> None:
    page = await signed_in("olivia", f"/app/team/{cast.business_id}/members")
    await expect(page.get_by_role("heading", name="Members", exact=True).first).to_be_visible()
    await next_user(page, "dave")
    await expect(page).to_have_url(re.compile("/app$"), timeout=patience(20_000))


async def test_a_page_stays_when_the_same_user_opens_another_tab(cast: Cast, signed_in: SignedIn) -> None:
    _, conversation = await newcomer_with_conversation(cast, "Still here")
    page = await loaded(await signed_in("olivia", f"/app/c/{conversation['id']}"))
    second = await page.context.new_page()
    await second.goto(page.url.partition("/app")[0] + "/app")
    await loaded(second)
    await write(page, "Me too")
    await expect(pane(page).get_by_text("Me too")).to_be_visible()
    await expect(page).to_have_url(re.compile(conversation["id"]))


async def write_without_a_server(page: Page, customer: Person) -> Callable[[], Awaitable[None]]:
    """Write a message and pin the conversation. Both wait until the returned function connects the page again."""

    async def lose(route: Route) -> None:
        await (route.continue_() if route.request.method == "GET" else route.abort())

    is_cut = True

    async def cut(socket: WebSocketRoute) -> None:
        if is_cut:
            await socket.close()
        else:
            socket.connect_to_server()

    await page.route(CHAT, lose)
    await page.route_web_socket(re.compile("/chat"), cut)
    await page.reload()
    await ready(page)
    await write(page, "Only from Olivia")
    await expect(pane(page).get_by_text("Only from Olivia")).to_be_visible()
    row = entry(page, customer.name)
    await row.get_by_role("link").click(button="right")
    await page.get_by_role("menuitem", name="Pin to the top").click()
    await expect(row.locator("[data-row]")).to_have_class(re.compile("is-pending"))

    async def connect() -> None:
        nonlocal is_cut
        is_cut = False
        await page.unroute(CHAT)
        await page.evaluate("dispatchEvent(new Event('online'))")

    return connect


async def test_what_waits_is_not_sent_as_the_new_user(cast: Cast, signed_in: SignedIn) -> None:
    """Amir is a colleague of Olivia, so the server would accept all of it from him."""
    customer, conversation = await newcomer_with_conversation(cast, "Hello")
    path = f"/chat/conversations/{conversation['id']}"
    page = await loaded(await signed_in("olivia", f"/app/c/{conversation['id']}"))
    page.allowed.extend(TROUBLE)  # type: ignore[attr-defined]
    connect = await write_without_a_server(page, customer)

    async def seen_by(person: Person) -> tuple[list[str], bool]:
        messages = (await person.rest.get(f"{path}/messages"))["results"]
        own = (await person.rest.get(path)).get("own") or {}
        return [f"{each['senderId']}: {each['content']}" for each in messages], own.get("pinned", False)

    # It does not learn who has signed in, so it stays, and tries to send.
    await page.route(re.compile("/auth/me"), lambda route: route.abort())
    await next_user(page, "amir")
    await connect()
    banner = page.locator("[data-banner]")
    await expect(banner).to_contain_text("You have been signed out", timeout=patience(30_000))
    await page.wait_for_timeout(3_000)  # longer than the first retry
    first = f"{customer.id}: Hello"
    assert await seen_by(cast.amir) == ([first], False)
    assert await seen_by(cast.olivia) == ([first], False)

    back = await loaded(await next_user(page, "olivia"))

    async def is_sent() -> bool:
        return await seen_by(cast.olivia) == ([first, f"{cast.olivia.id}: Only from Olivia"], True)

    await eventually(is_sent, "Olivia's next page sends what waits, while the first one is still open")
    await expect(entry(back, customer.name).locator("[data-row]")).not_to_have_class(re.compile("is-pending"))
    await cast.olivia.rest.patch(path, {"pinned": False})
