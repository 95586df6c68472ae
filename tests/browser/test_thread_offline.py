"""The network or the server fails while somebody writes. Every message arrives once."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.threads import ThreadPage, open_thread
from tests.harness.backend import Deployment
from tests.harness.cast import Cast, Person
from tests.harness.patience import patience
from tests.harness.servers import Server

pytestmark = pytest.mark.shown

AWAY = (
    "ERR_INTERNET_DISCONNECTED",
    "ERR_CONNECTION_REFUSED",
    "WebSocket connection",
    "Failed to load resource",
)


def allow_trouble(thread: ThreadPage) -> None:
    """Allow the messages that the browser logs about failures that the test causes."""
    thread.page.allowed.extend(AWAY)  # type: ignore[attr-defined]


async def contents(person: Person, where: str) -> list[str]:
    page = await person.rest.get(f"/chat/conversations/{where}/messages")
    return [message["content"] for message in page["results"]]


async def test_a_message_written_offline_is_sent_once(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    thread = await open_thread(open_page, customer, where)
    allow_trouble(thread)
    await thread.write("Before")
    await expect(thread.tick("Before")).to_have_attribute("aria-label", "Sent")
    await thread.page.context.set_offline(True)
    await thread.page.evaluate(
        "chat.client.close(); chat.client.connect()"
    )  # an open socket survives `offline`
    await thread.write("In the tunnel")
    await thread.write("Still in it")
    await expect(thread.tick("Still in it")).to_have_attribute("aria-label", "Sending")
    await expect(thread.root.locator(".thread-connection")).to_contain_text("No connection")
    await thread.page.context.set_offline(False)
    await expect(thread.tick("Still in it")).to_have_attribute("aria-label", "Sent", timeout=patience(20_000))
    await expect(thread.root.locator(".thread-connection")).to_be_empty()
    assert await contents(customer, where) == ["Before", "In the tunnel", "Still in it"]


async def test_a_server_that_dies_while_somebody_types(
    cast: Cast, deployment: Deployment, open_page: OpenPage
) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    server = Server("uvicorn", deployment.starter, deployment.folder / "mortal.log")
    await asyncio.to_thread(server.start)
    try:
        thread = await open_thread(open_page, customer, where, url=server.url)
        allow_trouble(thread)
        await thread.field.press_sequentially("Is any")
        server.kill9()
        await thread.field.press_sequentially("body there?")
        await thread.field.press("Enter")
        await expect(thread.tick("Is anybody there?")).to_have_attribute("aria-label", "Sending")
        await asyncio.to_thread(server.start)
        await expect(thread.tick("Is anybody there?")).to_have_attribute(
            "aria-label", "Sent", timeout=patience(30_000)
        )
        assert await contents(customer, where) == ["Is anybody there?"]
    finally:
        server.terminate()
