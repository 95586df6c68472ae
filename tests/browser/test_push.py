"""Pushes from the message to the notification: Chromium's service worker shows, answers and removes it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import CDPSession, Page, Worker, expect

from notifications.delivery.push.vapid import new_private_key
from tests.away.post_office import Browser, PushService
from tests.browser.conftest import OPEN_SESSION, SignedIn
from tests.browser.shell import newcomer_with_conversation, ready
from tests.harness.backend import Deployment
from tests.harness.cast import BUSINESS, Cast, Stage
from tests.harness.rest import eventually

pytestmark = [pytest.mark.sqlite_only, pytest.mark.whole_browser]

# Chromium's push service cannot be reached. `subscription` stands for its answer.
SUBSCRIBE = """
(() => {
  const kept = () => sessionStorage.getItem("subscribed");
  const made = () => ({ endpoint: %(endpoint)s, options: {}, toJSON: () => (%(subscription)s),
    unsubscribe: async () => sessionStorage.removeItem("subscribed") });
  PushManager.prototype.getSubscription = async () => (kept() ? made() : null);
  PushManager.prototype.subscribe = async ({ userVisibleOnly }) => {
    if (!userVisibleOnly) throw new TypeError("not allowed");
    sessionStorage.setItem("subscribed", "yes");
    return made();
  };
})();
"""
SHOWN = """async () => (await self.registration.getNotifications()).map(
    ({ title, body, tag, data }) => ({ title, body, tag, url: data.url }))"""
CLICK = """async ([action, reply]) => {
    const [notification] = await self.registration.getNotifications();
    const event = new NotificationEvent("notificationclick", { notification, action });
    Object.defineProperty(event, "reply", { value: reply });
    self.dispatchEvent(event);
}"""

# Counts the pushes that the service worker has handled. A test must not poll `getNotifications` instead: Chromium
# forgets a notification if this is called while the notification is being shown.
COUNT_HANDLED = """() => {
  globalThis.handled = 0;
  const { waitUntil } = ExtendableEvent.prototype;
  ExtendableEvent.prototype.waitUntil = function (work) {
    const count = () => this.type === "push" && (globalThis.handled += 1);
    return waitUntil.call(this, work.finally(count));
  };
}"""

# The count on the icon, as a page and as the service worker set it. Headless Chromium has no icon.
KEEP_BADGES = """() => {
  const kept = (count) => (globalThis.badge = count);
  const badge = { setAppBadge: async (count) => kept(count), clearAppBadge: async () => kept(0) };
  Object.assign(Object.getPrototypeOf(navigator), badge);
}"""
OFFER_INSTALL = """() => dispatchEvent(Object.assign(new Event("beforeinstallprompt"), {
    prompt: async () => (document.documentElement.dataset.prompted = "yes") }))"""
LEFT = """
from notifications.delivery.models import PushSubscription
print("left", PushSubscription.objects.count())
"""


@pytest.fixture
def push_service(tmp_path: Path) -> Iterator[PushService]:
    service = PushService(tmp_path)
    yield service
    service.close()


@pytest.fixture
def stage(tmp_path: Path, push_service: PushService) -> Iterator[Stage]:
    """A site that pushes a second after a message."""
    environment = {
        "VAPID_PRIVATE_KEY": new_private_key(),
        "VAPID_SUBJECT": "mailto:chat@chat.example",
        "PUSH_AFTER_SECONDS": "1",
        "OUTGOING_ALLOW_NETWORKS": "127.0.0.0/8",
        "SSL_CERT_FILE": str(push_service.certificate),
    }
    with Deployment.embedded(tmp_path, kind="uvicorn", **environment) as deployment:
        yield Stage.set_up(deployment)


class PushedPage:
    """A page with a push subscription. It passes pushes from the push service to its service worker."""

    def __init__(self, page: Page, browser: Browser, service: PushService) -> None:
        self.page, self.browser, self.service = page, browser, service
        self.taken = 0  # from the push service
        self.delivered = 0  # to the browser
        self._registrations: list[dict[str, Any]] = []

    async def start(self) -> None:
        self._tools: CDPSession = await self.page.context.new_cdp_session(self.page)
        self._tools.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda event: self._registrations.extend(event["registrations"]),
        )
        await self._tools.send("ServiceWorker.enable")

    @property
    def worker(self) -> Worker:
        return self.page.context.service_workers[0]

    async def shown(self, count: int) -> list[dict[str, str]]:
        """Wait for this number of notifications in the browser, and return them."""
        found: list[dict[str, str]] = []

        async def are_shown() -> bool:
            found[:] = await self.worker.evaluate(SHOWN)
            return len(found) == count

        await eventually(are_shown, f"{count} notifications")
        return found

    async def badge(self, count: int) -> None:
        """Wait until the service worker has set this count."""

        async def is_set() -> bool:
            return bool(await self.worker.evaluate("globalThis.badge") == count)

        await eventually(is_set, f"a badge of {count}")

    async def click(self, action: str, reply: str = "") -> None:
        await self.worker.evaluate(CLICK, [action, reply])

    async def next_push(self) -> dict[str, Any]:
        """Pass the next push from the push service to the browser."""

        async def has_come() -> bool:
            return len(self.service.pushes(self.browser)) > self.taken

        await eventually(has_come, "a push")
        push = self.service.pushes(self.browser)[self.taken]
        self.taken += 1
        await self.deliver(push)
        return push

    async def deliver(self, *pushes: dict[str, Any]) -> None:
        """Give the pushes to the browser at once, and wait until the service worker has handled all of them."""
        parts = urlsplit(self.page.url)
        address = {"origin": f"{parts.scheme}://{parts.netloc}"}
        address["registrationId"] = self._registrations[-1]["registrationId"]
        self.delivered += len(pushes)
        for push in pushes:
            await self._tools.send("ServiceWorker.deliverPushMessage", {**address, "data": json.dumps(push)})
        await eventually(self._has_handled_all, "the service worker has handled the pushes")

    async def _has_handled_all(self) -> bool:
        return bool(await self.worker.evaluate("globalThis.handled") == self.delivered)


@pytest_asyncio.fixture(loop_scope="session")
async def pushed(
    cast: Cast, signed_in: SignedIn, push_service: PushService
) -> AsyncIterator[tuple[PushedPage, Any, str]]:
    customer, conversation = await newcomer_with_conversation(cast)
    browser = push_service.browser("chromium")
    page = await signed_in(customer.name, "/healthz", permissions=["notifications"])
    page.allowed.append("404")  # type: ignore[attr-defined]  # a browser asks for /favicon.ico
    given = {"endpoint": json.dumps(browser.endpoint), "subscription": json.dumps(browser.subscription)}
    await page.context.add_init_script(SUBSCRIBE % given)
    await page.context.add_init_script(f"({KEEP_BADGES})()")
    await page.goto(page.url.replace("/healthz", "/app/notification-settings"))
    here = PushedPage(page, browser, push_service)
    await here.start()
    yield here, customer, conversation["id"]


async def test_a_push_is_shown_answered_withdrawn_and_opened(
    pushed: tuple[PushedPage, Any, str], cast: Cast
) -> None:
    here, customer, conversation = pushed
    await here.page.get_by_role("button", name="Turn on in this browser").click()
    await expect(here.page.locator("[data-this]")).to_be_visible()
    await expect(here.page.locator("[data-device]")).to_contain_text("Chrome")
    await can_be_installed(here.page)
    await is_shown_and_answered(here, cast, customer, conversation)
    push = await is_withdrawn_once_read_elsewhere(here, cast, customer, conversation)
    await is_withdrawn_though_it_is_still_being_shown(here, push)
    await opens_the_conversation(here, cast, conversation)
    await subscribes_again_in_another_session(here, cast, customer)
    await ends_with_the_session(here, cast)


async def can_be_installed(page: Page) -> None:
    button = page.get_by_role("button", name="Install as an app")
    await expect(button).to_be_hidden()
    await page.evaluate(OFFER_INSTALL)
    await button.click()
    await expect(page.locator("html[data-prompted]")).to_be_attached()
    await expect(button).to_be_hidden()


async def is_shown_and_answered(here: PushedPage, cast: Cast, customer: Any, conversation: str) -> None:
    await here.worker.evaluate(KEEP_BADGES)
    await here.worker.evaluate(COUNT_HANDLED)
    await cast.olivia.send(conversation, "Your bike is here")
    await here.next_push()
    words = {"title": BUSINESS, "body": "Your bike is here"}
    place = {"tag": f"conversation-{conversation}", "url": f"/app/c/{conversation}"}
    assert await here.shown(1) == [words | place]
    await here.badge(1)
    await here.click("reply", "I come today")

    async def is_answered() -> bool:
        history = await customer.rest.get(f"/chat/conversations/{conversation}/messages")
        unread = (await customer.rest.get("/chat/unread-count"))["total"]
        return bool(history["results"][-1]["content"] == "I come today" and unread == 0)

    await eventually(is_answered, "the answer stands, and what was shown is read")
    await here.shown(0)
    assert (await here.next_push())["type"] == "close"
    await here.badge(0)


async def is_withdrawn_once_read_elsewhere(
    here: PushedPage, cast: Cast, customer: Any, conversation: str
) -> dict[str, Any]:
    await cast.olivia.send(conversation, "See you")
    push = await here.next_push()
    await here.shown(1)
    await customer.rest.patch(f"/chat/conversations/{conversation}/read")
    assert (await here.next_push())["type"] == "close"
    await here.shown(0)
    return push


async def is_withdrawn_though_it_is_still_being_shown(here: PushedPage, push: dict[str, Any]) -> None:
    """Pushes that come at once are handled in turn."""
    close = {"type": "close", "conversationId": push["conversationId"], "unread": 0}
    other = {**push, "conversationId": "another"}
    await here.deliver(push, other, close)
    assert [shown["tag"] for shown in await here.shown(1)] == ["conversation-another"]
    await here.deliver({**close, "conversationId": "another", "seq": push["seq"] - 1})
    assert len(await here.shown(1)) == 1  # it is about a later message
    await here.deliver({**close, "conversationId": "another", "seq": push["seq"]})
    await here.shown(0)


async def opens_the_conversation(here: PushedPage, cast: Cast, conversation: str) -> None:
    await cast.olivia.send(conversation, "We close at six")
    await here.next_push()
    await here.shown(1)
    await here.page.goto(here.page.url.replace("/app/notification-settings", "/app"))
    await ready(here.page)
    await here.page.wait_for_function("() => globalThis.badge === 1")
    await here.click("")
    await here.page.wait_for_url(f"**/app/c/{conversation}")
    await expect(here.page.locator("[data-thread]")).to_contain_text("We close at six")


async def subscribes_again_in_another_session(here: PushedPage, cast: Cast, customer: Any) -> None:
    """The last session has ended, or the person signs in on a page of somebody else."""
    session = cast.stage.deployment.shell(OPEN_SESSION.format(name=customer.name)).split()[-1]
    await here.page.context.add_cookies(
        [{"name": "sessionid", "value": session, "domain": "127.0.0.1", "path": "/"}]
    )
    async with here.page.expect_response("**/push/subscriptions") as answer:
        await here.page.goto(here.page.url)
    assert (await answer.value).status == 201
    await ready(here.page)


async def ends_with_the_session(here: PushedPage, cast: Cast) -> None:
    page = here.page
    await page.get_by_title("Settings").click()
    await expect(page.locator("[data-desktop-text]")).to_contain_text("while this page is closed")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label("Username")).to_be_visible()
    assert await page.evaluate("sessionStorage.getItem('subscribed')") is None
    assert "left 0" in cast.stage.deployment.shell(LEFT)
