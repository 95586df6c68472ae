"""An owner sets up a business in the page, at both sizes: the first steps, and every page of the team."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.axe import assert_accessible
from tests.browser.conftest import OpenPage, SignedIn
from tests.browser.hosts import HostSite
from tests.browser.shell import assert_fits, picture, ready
from tests.harness.backend import Deployment
from tests.harness.cast import Cast
from tests.harness.patience import patience
from tests.harness.rest import RestClient

pytestmark = pytest.mark.shown

SIZES: list[Any] = [{"width": 390, "height": 844}, {"width": 1280, "height": 800}]
MAKE = """
from django.contrib.auth.models import User
from chatsite.identity.operations import open_login
from conversations.models import Business, Membership
business = Business.objects.create(name="Bea's Books", slug={slug!r})
owner = User.objects.create(username={slug!r}, first_name="Bea")
Membership.objects.create(business=business, user=owner, role="owner")
print("made", business.pk, open_login(user_id=str(owner.pk)).access)
"""


@dataclass
class NewShop:
    """A business that has nothing yet but its owner, whose name is `slug`."""

    slug: str
    business_id: str
    access: str

    @classmethod
    def make(cls, deployment: Deployment) -> NewShop:
        slug = f"books-{secrets.token_hex(4)}"
        line = next(
            line for line in deployment.shell(MAKE.format(slug=slug)).splitlines() if line.startswith("made ")
        )
        return cls(slug, *line.split()[1:])


@pytest.fixture
def books(deployment: Deployment) -> NewShop:
    return NewShop.make(deployment)


def section(page: Page, heading: str) -> Locator:
    return page.locator(".choices").filter(has=page.get_by_role("heading", name=heading, exact=True))


async def saved(page: Page, text: str = "Saved.") -> None:
    await expect(page.get_by_role("status").filter(has_text=text)).to_be_visible()


async def looked_at(page: Page, axe_source: str, name: str) -> None:
    await assert_accessible(page, axe_source)
    await assert_fits(page)
    await picture(page, f"{name}-{(page.viewport_size or SIZES[0])['width']}")


@pytest.mark.parametrize("viewport", SIZES)
async def test_a_new_owner_follows_the_first_steps(
    books: NewShop, cast: Cast, signed_in: SignedIn, axe_source: str, viewport: Any
) -> None:
    page = await ready(await signed_in(books.slug, viewport=viewport))
    if viewport["width"] < 760:
        await page.get_by_role("link", name="Set up").click()
    setup = page.get_by_role("region", name="Set up")
    await expect(setup).to_contain_text("0 of 5 done")
    await looked_at(page, axe_source, "setup")
    await setup.get_by_role("link", name="Invite a colleague").click()
    colleague = await cast.newcomer()
    page.allowed.append("404")  # type: ignore[attr-defined]
    await page.get_by_label("User name").fill(f"{colleague.name}x")
    await page.get_by_role("button", name="Invite").click()
    await expect(page.get_by_text("No user has this username.")).to_be_visible()
    await expect(page.get_by_label("User name")).to_have_value(f"{colleague.name}x")
    await page.get_by_label("User name").fill(colleague.name)
    await page.get_by_role("button", name="Invite").click()
    await saved(page, "is invited")
    await looked_at(page, axe_source, "members")
    await page.get_by_role("navigation", name="Team").get_by_role("link", name="Settings").click()
    await expect(setup).to_contain_text("1 of 5 done")
    await setup.get_by_role("link", name="Set your business hours").click()
    await expect(page).to_have_url(re.compile("#hours"))
    await setup.get_by_role("button", name="Hide").click()
    await expect(page).to_have_url(re.compile("/app$"))
    await expect(setup).to_have_count(0)


async def set_up_the_inbox(page: Page) -> None:
    """Each save renders the page again."""
    labels = section(page, "Labels")
    await labels.get_by_label("New label").fill("refund")
    await labels.get_by_role("button", name="Add").click()
    await saved(page)
    groups = section(page, "Groups")
    await groups.get_by_label("New group").fill("sales")
    await groups.get_by_label("Bea").last.check()
    await groups.get_by_role("button", name="Add").click()
    await saved(page)
    answers = section(page, "Canned answers")
    await answers.get_by_label("Code").last.fill("hi")
    await answers.get_by_label("Text").last.fill("Hello {{customer.firstName}}!")
    await answers.get_by_role("button", name="Add").click()
    await saved(page)


async def set_the_hours(page: Page) -> None:
    hours = section(page, "Business hours")
    await hours.get_by_label("Monday").fill("nine to five")
    await hours.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Write times like 09:00-12:30, 13:30-18:00.", exact=True)).to_be_visible()
    await expect(hours.get_by_role("status")).to_be_in_viewport()
    await expect(hours.get_by_label("Monday")).to_have_value("nine to five")
    await hours.get_by_label("Monday").fill("9:00-12:30, 22:00-02:00")
    await hours.get_by_label("Days with different hours").fill("2030-12-24 09:00-13:00 Christmas Eve")
    await hours.get_by_role("button", name="Save").click()
    await saved(page)
    await expect(hours.get_by_label("Monday")).to_have_value("09:00-12:30, 22:00-02:00")


async def set_what_happens_by_itself(page: Page) -> None:
    automatic = section(page, "Automatic answers")
    await automatic.get_by_label("Welcome").fill("Hello from {{business.name}}")
    await automatic.get_by_role("button", name="Save").click()
    await saved(page)
    assignment = section(page, "Automatic assignment")
    await assignment.get_by_label("Who gets").select_option("The next member in turn")
    await assignment.get_by_role("button", name="Save").click()
    await saved(page)
    ratings = section(page, "Ratings")
    await ratings.get_by_label("Ask customers").check()
    await ratings.get_by_role("button", name="Save").click()
    await expect(ratings.get_by_role("status")).to_have_text("Saved.")
    await expect(ratings.get_by_role("status")).to_be_in_viewport()


@pytest.mark.parametrize("viewport", SIZES)
async def test_everything_is_set_in_the_page(
    books: NewShop, deployment: Deployment, signed_in: SignedIn, axe_source: str, viewport: Any
) -> None:
    page = await ready(await signed_in(books.slug, viewport=viewport))
    await page.get_by_label("Settings", exact=True).first.click()
    await page.get_by_role("link", name="Team settings").click()
    page.allowed.append("400")  # type: ignore[attr-defined]
    await set_up_the_inbox(page)
    await set_the_hours(page)
    await set_what_happens_by_itself(page)
    await looked_at(page, axe_source, "settings")
    async with RestClient(deployment.server(0).url, books.access) as owner:
        query = f"businessId={books.business_id}"
        [label] = (await owner.get(f"/team/labels?{query}"))["results"]
        [group] = (await owner.get(f"/team/groups?{query}"))["results"]
        [answer] = (await owner.get(f"/team/canned-answers?{query}"))["results"]
        hours = await owner.get(f"/team/business-hours/{books.business_id}")
        rule = await owner.get(f"/team/assignment/{books.business_id}")
        automatic = await owner.get(f"/team/automations/{books.business_id}")
        ratings = await owner.get(f"/team/csat/{books.business_id}")
    assert (label["name"], group["name"], len(group["memberIds"])) == ("refund", "sales", 1)
    assert (answer["code"], answer["text"]) == ("hi", "Hello {{customer.firstName}}!")
    assert hours["weekly"]["monday"][1] == {"from": "22:00", "to": "02:00"}
    assert (rule["mode"], ratings["enabled"]) == ("round_robin", True)
    assert automatic["welcome"] == "Hello from {{business.name}}"
    for name in ("Reports", "Webhooks", "Bots"):
        await page.get_by_role("navigation", name="Team").get_by_role("link", name=name).click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text(name)
        await looked_at(page, axe_source, name)


@pytest.mark.parametrize("viewport", SIZES)
async def test_the_widget_with_its_questions_is_set_in_the_page(
    books: NewShop,
    deployment: Deployment,
    signed_in: SignedIn,
    open_page: OpenPage,
    axe_source: str,
    viewport: Any,
) -> None:
    page = await signed_in(books.slug, f"/app/team/{books.business_id}/widget", viewport=viewport)
    await page.get_by_role("button", name="Set up the widget").click()
    await expect(page.get_by_text("No site can show the widget yet.")).to_be_visible()
    with HostSite(deployment.server(0).url) as host:
        await page.get_by_label("Sites that may show it").fill(host.origin)
        await page.get_by_label("Visitors who are not signed in").check()
        await page.get_by_label("Ask guests for a name").check()
        await page.get_by_label("One more question").fill("Which book?")
        await page.get_by_role("button", name="Save").click()
        await saved(page)
        await expect(page.get_by_label("Ask guests for a name")).to_be_checked()
        await expect(page.get_by_label("One more question")).to_have_value("Which book?")
        await looked_at(page, axe_source, "widget")
        code = await page.locator("#widget-code").inner_text()
        visitor = await open_page(host.page("/", f"<h1>Books</h1>{code}"), viewport=viewport)
        await visitor.locator("business-chat .launcher").click()
        frame = visitor.frame_locator("business-chat iframe")
        await frame.get_by_role("textbox", name="Message").fill("Hello", timeout=patience(15_000))
        await frame.get_by_role("button", name="Send").click()
        await expect(frame.get_by_role("textbox", name="Your name")).to_be_focused()
        await expect(frame.get_by_role("textbox", name="Which book?")).to_be_visible()
