"""The bell: the live count, the list with its filters, and the actions in it."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.browser.conftest import SignedIn
from tests.browser.shell import loaded, newcomer_with_conversation, ready
from tests.harness.cast import Cast
from tests.harness.rest import eventually

pytestmark = [pytest.mark.shown, pytest.mark.whole_browser]

NEWS = """
from django.contrib.auth import get_user_model
from notifications.operations import notify
user = get_user_model().objects.get(username={name!r})
notify(recipient_id=user.pk, type="system", title={title!r}, action_url="/app")
"""


async def make_offer(cast: Cast, conversation_id: str) -> str:
    title = f"Tuning {secrets.token_hex(3)}"
    expires = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    body = {"conversationId": conversation_id, "title": title, "amountMinor": 4900, "currency": "EUR"}
    body["description"] = "Brakes and gears"
    await cast.olivia.rest.post("/offers", {**body, "expiresAt": expires})
    return title


async def desktop_notifications(page: Page, count: int) -> list[list[str]]:
    """Wait for this number of desktop notifications, and return them.

    The debugger reads them, because a wait inside the page would be an `eval`, which the page's policy forbids.
    """

    async def are_shown() -> bool:
        return bool(await page.evaluate("window.shown.length") == count)

    await eventually(are_shown, f"{count} desktop notifications")
    shown: list[list[str]] = await page.evaluate("window.shown")
    return shown


async def tones(page: Page, count: int) -> None:
    """Wait until this number of tones has begun. The browser first wakes its audio."""

    async def have_begun() -> bool:
        return bool(await page.evaluate("window.tones") == count)

    await eventually(have_begun, f"{count} tones")


def panel(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Notifications")


async def test_an_offer_is_accepted_in_place(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast)
    page = await ready(await signed_in(customer.name))
    await expect(page.locator("[data-bell-count]")).to_be_hidden()
    title = await make_offer(cast, conversation["id"])
    await expect(page.locator("[data-bell-count]")).to_have_text("1")
    await page.locator("[data-bell]").click()
    alert = panel(page).locator("[data-alert]").filter(has_text=title)
    await expect(alert.locator("[data-field=price]")).to_have_text("€49.00")
    await expect(alert.locator("[data-field=description]")).to_have_text("Brakes and gears")
    await expect(alert.locator("[data-field=until]")).to_contain_text("Valid until")
    await alert.get_by_role("button", name="Accept").click()
    await expect(page.get_by_role("dialog", name="Accept this offer?")).to_contain_text("€49.00")
    await page.get_by_role("button", name="Cancel").click()
    await expect(alert.get_by_role("button", name="Accept")).to_be_visible()
    offers = await customer.rest.get(f"/offers?conversationId={conversation['id']}")
    assert [offer["status"] for offer in offers["results"]] == ["pending"]
    await alert.get_by_role("button", name="Accept").click()
    await page.get_by_role("dialog", name="Accept this offer?").get_by_role("button", name="Accept").click()
    await expect(alert.locator("[data-field=state]")).to_have_text("Accepted")
    await expect(alert.get_by_role("button", name="Accept")).to_be_hidden()
    await expect(page.locator("[data-bell-count]")).to_be_hidden()
    offers = await customer.rest.get(f"/offers?conversationId={conversation['id']}")
    assert [offer["status"] for offer in offers["results"]] == ["accepted"]


async def test_reading_filtering_and_deleting(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast)
    cast.stage.deployment.shell(NEWS.format(name=customer.name, title="Fresh news"))
    title = await make_offer(cast, conversation["id"])
    page = await ready(await signed_in(customer.name))
    await expect(page.locator("[data-bell-count]")).to_have_text("2")
    await page.keyboard.press("n")
    list_ = panel(page).locator("[data-alert]")
    await expect(list_).to_have_count(2)
    await panel(page).get_by_role("button", name="Offers").click()
    await expect(list_).to_have_count(1)
    await expect(list_).to_contain_text(title)
    await list_.get_by_role("button", name="Mark as read").click()
    await expect(page.locator("[data-bell-count]")).to_have_text("1")
    await panel(page).get_by_role("button", name="Unread", exact=True).click()
    await expect(list_).to_contain_text(["Fresh news"])
    await panel(page).get_by_role("button", name="Mark all as read").click()
    await expect(page.locator("[data-bell-count]")).to_be_hidden()
    await panel(page).get_by_role("button", name="All", exact=True).click()
    await expect(list_).to_have_count(2)
    await page.keyboard.press("Escape")
    await expect(panel(page)).to_have_count(0)
    await expect(page.locator("[data-bell]")).to_be_focused()


async def test_a_deletion_can_be_taken_back(cast: Cast, signed_in: SignedIn) -> None:
    customer, _ = await newcomer_with_conversation(cast)
    for title in ("Fresh news", "Old news"):
        cast.stage.deployment.shell(NEWS.format(name=customer.name, title=title))
    page = await ready(await signed_in(customer.name))
    await page.locator("[data-bell]").click()
    list_ = panel(page).locator("[data-alert]")
    await expect(list_).to_have_count(2)
    fresh = list_.filter(has_text="Fresh news")
    count = page.locator("[data-bell-count]")
    await fresh.get_by_role("button", name="Delete").click()
    await expect(list_).to_have_count(1)
    await expect(count).to_have_text("1")
    await page.get_by_role("button", name="Undo").click()
    await expect(list_).to_have_count(2)
    await expect(count).to_have_text("2")
    assert len((await customer.rest.get("/notifications"))["results"]) == 2
    await fresh.get_by_role("button", name="Delete").click()
    await expect(list_).to_have_count(1)

    async def is_gone() -> bool:
        return len((await customer.rest.get("/notifications"))["results"]) == 1

    await eventually(is_gone, "the notification is deleted on the server")


async def test_a_deletion_that_waits_outlives_the_page(cast: Cast, signed_in: SignedIn) -> None:
    customer, _ = await newcomer_with_conversation(cast)
    for title in ("Fresh news", "Old news"):
        cast.stage.deployment.shell(NEWS.format(name=customer.name, title=title))
    page = await loaded(await signed_in(customer.name))
    page.allowed.append("ERR_FAILED")  # type: ignore[attr-defined]

    async def lose(route: Route) -> None:
        await (route.abort() if route.request.method == "DELETE" else route.continue_())

    await page.route(re.compile("/notifications/"), lose)
    await page.locator("[data-bell]").click()
    list_ = panel(page).locator("[data-alert]")
    await list_.filter(has_text="Old news").get_by_role("button", name="Delete").click()
    await expect(list_).to_have_count(1)
    count = page.locator("[data-bell-count]")
    await expect(count).to_have_text("1")
    await page.reload()
    await loaded(page)
    await expect(count).to_have_text("1")
    await page.locator("[data-bell]").click()
    await expect(list_).to_contain_text(["Fresh news"])
    await expect(list_).to_have_count(1)
    await expect(count).to_have_text("1")
    assert len((await customer.rest.get("/notifications"))["results"]) == 2
    await page.unroute_all()

    async def is_gone() -> bool:
        return len((await customer.rest.get("/notifications"))["results"]) == 1

    await eventually(is_gone, "the next page has deleted it on the server")
    await expect(list_).to_have_count(1)
    await expect(count).to_have_text("1")


async def test_an_invitation_is_accepted_and_leads_to_the_inbox(cast: Cast, signed_in: SignedIn) -> None:
    newcomer = await cast.newcomer()
    page = await ready(await signed_in(newcomer.name))
    await cast.olivia.rest.post(
        "/team/invitations", {"businessId": cast.business_id, "username": newcomer.name}
    )
    await page.locator("[data-bell]").click()
    await panel(page).get_by_role("button", name="Accept").click()
    await page.get_by_role("button", name="Open the inbox").click()
    await expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    me = await newcomer.rest.get("/auth/me")
    assert [business["role"] for business in me["businesses"]] == ["agent"]


async def test_desktop_notifications_come_when_they_were_asked_for(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "hello")
    page = await ready(await signed_in("amir"))
    await page.evaluate(
        """() => {
        window.shown = []; window.asked = 0;
        class Fake extends EventTarget {
          static permission = "default";
          static async requestPermission() { window.asked += 1; return (Fake.permission = "granted"); }
          constructor(title, options) { super(); window.shown.push([title, options.body]); }
          close() {}
        }
        window.Notification = Fake;
        window.tones = 0;
        const begin = OscillatorNode.prototype.start;
        OscillatorNode.prototype.start = function (...when) { window.tones += 1; begin.apply(this, when); };
        }"""
    )
    await customer.send(conversation["id"], "before")
    await expect(page.get_by_text("before").first).to_be_visible()
    assert await page.evaluate("[window.asked, window.shown.length]") == [0, 0]
    await page.get_by_label("Settings", exact=True).first.click()
    await page.get_by_role("button", name="Turn on desktop notifications").click()
    await expect(page.get_by_role("button", name="Turn off desktop notifications")).to_be_visible()
    await customer.send(conversation["id"], "Your bike <b>is here</b>")
    assert await desktop_notifications(page, 1) == [[customer.name, "Your bike <b>is here</b>"]]
    await tones(page, 2)  # a tone of two notes
    await page.get_by_role("button", name="Turn off sounds").click()
    await page.evaluate(
        "localStorage.removeItem('web.sound-at')"
    )  # of the last tone, so that the next may follow
    stranger, _ = await newcomer_with_conversation(cast, "We have not met")
    assert (await desktop_notifications(page, 2))[1] == [stranger.name, "We have not met"]
    assert await page.evaluate("window.tones") == 2
    await page.get_by_role("button", name="Turn on sounds").click()  # and hear what it is
    await tones(page, 4)


async def test_the_filters_of_the_bell_are_those_of_the_page_and_fit_a_phone(
    cast: Cast, signed_in: SignedIn
) -> None:
    customer, _ = await newcomer_with_conversation(cast)
    page = await ready(await signed_in(customer.name, viewport={"width": 390, "height": 844}))
    await page.locator("[data-bell]").click()
    filters = panel(page).get_by_role("group", name="Filter notifications")
    in_bell = ["All", "Unread", "Invitations", "Offers", "News"]  # and nothing that only members get
    await expect(filters.get_by_role("button")).to_have_text(in_bell, use_inner_text=True)
    assert await filters.evaluate("node => node.scrollWidth <= node.clientWidth")
    await expect(filters.get_by_role("button").last).to_be_in_viewport(ratio=1)
    await page.goto(page.url.replace("/app", "/app/notifications"))
    on_page = page.get_by_role("navigation", name="Filter notifications")
    await expect(on_page.get_by_role("link")).to_have_text(in_bell, use_inner_text=True)
    assert await on_page.evaluate("node => node.scrollWidth <= node.clientWidth")
