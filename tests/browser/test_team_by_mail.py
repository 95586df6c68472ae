"""Two pages that a mail leads to, at both sizes, light and dark: an invitation to a team, and a rating."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from playwright.async_api import Page, expect

from tests.browser.axe import assert_accessible
from tests.browser.conftest import OpenPage, SignedIn, own_address
from tests.browser.shell import assert_fits, picture
from tests.browser.test_team_pages import SIZES, NewShop
from tests.harness.backend import Deployment
from tests.harness.cast import PASSWORD, Cast

pytestmark = pytest.mark.shown

INVITE = """
from datetime import timedelta
from django.contrib.auth.models import User
from django.utils import timezone
from notifications.invitation_mails import invitation_token
from notifications.models import Invitation
User.objects.filter(pk={user!r}).update(email={email!r})
now = timezone.now()
row = Invitation.objects.create(
    business_id={business!r},
    inviter=User.objects.get(username={owner!r}),
    email={invited!r},
    created_at=now,
    expires_at=now + timedelta(days=14),
)
print("link", "/invitation/" + invitation_token(row.pk))
"""
ASK = """
from django.contrib.auth.models import User
from conversations.models import Business, CsatSettings, Episode
from conversations.operations import open_conversation, send_message
from conversations.requests import SendBody
from conversations.team.operations import set_team_state
from conversations.team.reports.recording import measure_episode
from conversations.team.requests import TeamBody
from notifications.delivery.mail.rating_request import rating_token
owner = User.objects.get(username={owner!r})
CsatSettings.objects.create(business_id={business!r}, enabled=True, question="How was Bea's help?")
where, _, _ = open_conversation(user_id=int({customer!r}), business_id={business!r})
for sender in (int({customer!r}), owner.pk):
    sent = send_message(sender_id=sender, conversation_id=where.pk, body=SendBody(content="text"))
set_team_state(user_id=owner.pk, conversation_id=where.pk, body=TeamBody(status="resolved"))
measure_episode.call(str(where.pk), sent.message.seq)
episode = Episode.objects.get(conversation=where)
print("link", where.pk, "/mail/rate/" + rating_token(episode.pk))
"""


def printed(deployment: Deployment, code: str) -> list[str]:
    lines = deployment.shell(code).splitlines()
    return next(line.split()[1:] for line in lines if line.startswith("link "))


async def looked_at(page: Page, axe_source: str, name: str) -> None:
    width = (page.viewport_size or SIZES[0])["width"]
    themes: tuple[Literal["dark", "light"], ...] = ("dark", "light")
    for theme in themes:
        await page.emulate_media(color_scheme=theme)
        await page.evaluate("() => Promise.all(document.getAnimations().map((one) => one.finished))")
        await assert_accessible(page, axe_source)
        await assert_fits(page)
        await picture(page, f"{name}-{width}-{theme}")


def invited(deployment: Deployment, user: str, email: str) -> tuple[NewShop, str]:
    """Invite an address to a new business, and give the user one. Return the business and the link."""
    books = NewShop.make(deployment)
    names = {"business": books.business_id, "owner": books.slug}
    code = INVITE.format(user=user, email=email, invited=f"{books.slug}@mail.example", **names)
    return books, printed(deployment, code)[0]


@pytest.mark.parametrize("viewport", SIZES)
async def test_who_was_invited_signs_in_and_joins_the_team(
    cast: Cast, deployment: Deployment, open_page: OpenPage, axe_source: str, viewport: Any
) -> None:
    nina = await cast.newcomer()
    books, link = invited(deployment, nina.id, "")
    site = deployment.server(0).url
    page = await open_page(site + link, viewport=viewport, extra_http_headers=own_address())
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Bea's Books")
    await looked_at(page, axe_source, "invitation-signed-out")
    await page.get_by_role("link", name="Sign in").click()
    await page.get_by_label("Username").fill(nina.name)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.locator("[data-entrance] .primary").click()
    join = page.get_by_role("button", name="Join the team")
    await expect(join).to_be_visible()
    await looked_at(page, axe_source, "invitation")
    await join.click()
    await expect(page.get_by_text("You are now a member of the team of Bea's Books.")).to_be_visible()
    await page.goto(f"{site}/app/team/{books.business_id}/members")
    await expect(page.get_by_role("main")).to_contain_text(nina.name)
    await page.goto(site + link)  # it worked once
    await expect(page).to_have_url(f"{site}/app")


@pytest.mark.parametrize("viewport", SIZES)
async def test_another_account_cannot_join(
    cast: Cast, deployment: Deployment, signed_in: SignedIn, axe_source: str, viewport: Any
) -> None:
    nina = await cast.newcomer()
    _, link = invited(deployment, nina.id, f"{nina.name}@mail.example")
    page = await signed_in(nina.name, link, viewport=viewport)
    await expect(page.get_by_role("button", name="Join the team")).to_have_count(0)
    await looked_at(page, axe_source, "invitation-of-another")
    await page.get_by_role("button", name="Decline").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("You have declined the invitation")
    page.allowed.append("404")  # type: ignore[attr-defined]
    await page.goto(deployment.server(0).url + link)
    await expect(page.get_by_role("heading", level=1)).to_have_text("This invitation is no longer open")


@pytest.mark.parametrize("viewport", SIZES)
async def test_a_customer_rates_on_the_page_of_the_mail(
    cast: Cast, deployment: Deployment, open_page: OpenPage, axe_source: str, viewport: Any
) -> None:
    customer, books = await cast.newcomer(), NewShop.make(deployment)
    names = {"business": books.business_id, "owner": books.slug}
    where, link = printed(deployment, ASK.format(customer=customer.id, **names))
    site = deployment.server(0).url
    page = await open_page(f"{site}{link}?score=4", viewport=viewport)
    await expect(page.get_by_role("heading", level=1)).to_have_text("How was Bea's help?")
    await expect(page.get_by_role("radio", name="Good", exact=True)).to_be_checked()
    await looked_at(page, axe_source, "rating-page")
    await page.get_by_role("radio", name="Very good").check(force=True)
    await page.get_by_label("Comment (optional)").fill("She <b>knew</b> the book")
    await page.get_by_role("button", name="Send rating").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Thank you!")
    await looked_at(page, axe_source, "rating-thanks")
    kept = await customer.rest.get(f"/chat/conversations/{where}/csat")
    assert (kept["score"], kept["comment"]) == (5, "She <b>knew</b> the book")
