"""A member reads the reports of real conversations in the page, at both sizes, and takes them as CSV."""

from __future__ import annotations

import asyncio
import csv
import io
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.async_api import Page, expect

from tests.browser.axe import assert_accessible
from tests.browser.conftest import SignedIn
from tests.browser.shell import assert_fits, picture, place_of
from tests.browser.test_team_pages import SIZES, NewShop
from tests.harness.backend import Deployment

pytestmark = pytest.mark.shown

LABEL = "=refund of a book that nobody has ever ordered"
# Three resolved conversations: the owner's took 10 and 30 minutes to answer, and a colleague's 2 hours.
EPISODES = """
from datetime import datetime, timedelta, UTC
from django.contrib.auth.models import User
from conversations.models import Business, ChatMessage, Episode, Label, Membership
from conversations.operations import open_conversation, send_message
from conversations.requests import SendBody
from conversations.team.operations import set_team_state
from conversations.team.reports.recording import measure_episode
from conversations.team.requests import TeamBody
shop = Business.objects.get(pk={business!r})
owner = User.objects.get(username={slug!r})
anna = User.objects.create(username={slug!r} + "-anna", first_name="Anna", last_name="<Berg>")
Membership.objects.create(business=shop, user=anna)
label = Label.objects.create(business=shop, name={label!r})
start = datetime.now(UTC) - timedelta(days=3)
for number, (agent, minutes) in enumerate(((owner, 10), (owner, 30), (anna, 120))):
    customer = User.objects.create(username=f"{slug}-customer-{{number}}")
    where, _, _ = open_conversation(user_id=customer.pk, business_id=str(shop.pk))
    for sender, at in ((customer, start), (agent, start + timedelta(minutes=minutes))):
        sent = send_message(sender_id=sender.pk, conversation_id=where.pk, body=SendBody(content="text"))
        ChatMessage.objects.filter(pk=sent.message.id).update(created_at=at)
    done = TeamBody(status="resolved", assignee_id=str(agent.pk), label_ids=[str(label.pk)])
    set_team_state(user_id=owner.pk, conversation_id=where.pk, body=done)
    episode = Episode.objects.get(conversation=where)
    Episode.objects.filter(pk=episode.pk).update(resolved_at=start + timedelta(hours=3), score=4 + number % 2)
    measure_episode.call(str(where.pk), episode.last_seq)
print("done")
"""


BAR_LENGTHS = """bars => bars.map((bar) => {
    const [whole, part] = [bar, bar.firstElementChild].map((node) => node.getBoundingClientRect().width);
    return part / whole;
})"""


async def _show(page: Page, metric: str, grouping: str) -> list[list[str]]:
    """Choose a report. Return the rows of its table."""
    await page.get_by_label("Grouping").select_option(grouping)
    await page.get_by_label("Metric").select_option(metric)
    asked = {
        name: await page.get_by_label(label).input_value()
        for name, label in (("metric", "Metric"), ("groupBy", "Grouping"))
    }
    await page.get_by_role("button", name="Show").click()
    # The form says the same before the answer is there. The address is new after it.
    await page.wait_for_url(lambda url: asked.items() <= dict(parse_qsl(urlsplit(url).query)).items())
    rows: list[list[str]] = await page.locator("tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.innerText))"
    )
    return rows


async def _bar_lengths(page: Page) -> list[float]:
    """Return the length of each bar, as a part of the longest that there can be."""
    lengths: list[float] = await page.locator(".report-bar").evaluate_all(BAR_LENGTHS)
    return lengths


async def _show_hours(page: Page) -> None:
    """The rows are the hours, so there is no grouping to choose."""
    hours = await _show(page, "Messages by hour", "By label")
    assert len(hours) == 24
    assert sum(int(row[1]) for row in hours) == 3
    grouping = page.get_by_label("Grouping")
    await expect(grouping).to_be_hidden()
    await page.get_by_label("Metric").select_option("Volume")
    await expect(grouping).to_be_visible()
    await expect(grouping).to_have_value("label")
    await page.get_by_label("Metric").select_option("Messages by hour")


@pytest.mark.parametrize("viewport", SIZES)
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_reports_of_conversations_are_drawn_and_downloaded(
    deployment: Deployment, signed_in: SignedIn, axe_source: str, viewport: Any, theme: str
) -> None:
    books = NewShop.make(deployment)
    assert "done" in deployment.shell(
        EPISODES.format(business=books.business_id, slug=books.slug, label=LABEL)
    )
    path = f"/app/team/{books.business_id}/reports"
    page = await signed_in(books.slug, path, viewport=viewport, color_scheme=theme)
    by_member = await _show(page, "First response", "By member")
    assert [row[:4] for row in by_member] == [
        ["Anna <Berg>", "1", "2 h 0 min", "2 h 0 min"],
        ["Bea", "2", "20 min", "30 min"],
    ]
    assert await _bar_lengths(page) == pytest.approx([1, 20 / 120], abs=0.01)
    await expect(page.get_by_role("heading", level=2)).to_have_text("First response: Median")
    await assert_accessible(page, axe_source)
    await assert_fits(page)
    await picture(page, f"reports-{viewport['width']}-{theme}")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="CSV").click()
    text = await asyncio.to_thread((await (await download.value).path()).read_text)
    lines = list(csv.reader(io.StringIO(text)))
    medians = [(line[1], float(line[3])) for line in lines[1:]]
    assert medians == [("Anna <Berg>", 7200), ("Bea", 1200)]
    assert [row[:2] for row in await _show(page, "Volume", "By label")] == [[LABEL, "3"]]
    number = await place_of(page.locator("tbody td").first)  # the long name leaves room for it
    assert number["x"] + number["width"] <= viewport["width"]
    [total] = await _show(page, "Ratings", "Total")
    assert (total[0], total[2:]) == ("Total", ["3", "4.3", "100 %"])
    [day] = await _show(page, "Resolution", "By day")
    assert day[1:3] == ["3", "3 h 0 min"]
    await _show_hours(page)
    await assert_accessible(page, axe_source)
    await assert_fits(page)
