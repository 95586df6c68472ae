"""The widget tells visitors when the business is open, how fast it usually answers, and who is there."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.axe import assert_accessible
from tests.browser.conftest import OpenPage
from tests.browser.hosts import HostSite, WidgetShop
from tests.browser.test_widget import frame, launcher, write
from tests.harness.backend import Deployment
from tests.harness.client import LiveClient
from tests.harness.patience import patience
from tests.harness.rest import RestClient

pytestmark = pytest.mark.shown

ANSWERS_IN_TWO_HOURS = """
from django.utils import timezone
from conversations.models import AnswerTime
AnswerTime.objects.create(business_id={business!r}, seconds=6500, samples=9, measured_at=timezone.now())
"""
NEVER: dict[str, Any] = {"timezone": "UTC", "weekly": {}, "exceptions": [], "holidays": None}


async def _looked_at(page: Page, axe_source: str) -> None:
    inside = next(part for part in page.frames if "/widget/frame/" in part.url)
    await assert_accessible(inside, axe_source)


@pytest.mark.parametrize("width", [390, 1280])
async def test_visitors_see_hours_answer_time_and_faces(
    deployment: Deployment, open_page: OpenPage, axe_source: str, width: int
) -> None:
    with HostSite(deployment.server(0).url) as host:
        shop = WidgetShop.make(deployment, origins=[host.origin], guests_allowed=True)
        deployment.shell(ANSWERS_IN_TWO_HOURS.format(business=shop.business_id))
        address = host.with_widget("/hours", shop)
        page = await open_page(address, viewport={"width": width, "height": 844})
        await launcher(page).click()
        shown = frame(page).get_by_text("Usually answers within 2 hours")
        await expect(shown.first).to_be_visible(timeout=patience(15_000))
        await _looked_at(page, axe_source)
        await write(page, "Anybody there?")
        presence = frame(page).locator(".thread-presence")
        await expect(presence).to_have_text("Usually answers within 2 hours")
        there = deployment.server(1)
        path = f"/team/business-hours/{shop.business_id}"
        async with RestClient(there.url, shop.owner_access) as owner:
            await owner.request("PUT", path, NEVER)
            await page.goto(address)
            await launcher(page).click()
            await expect(presence).to_have_text("Closed", timeout=patience(15_000))
            await owner.delete(path)
        async with await LiveClient.open(there.live_url, shop.owner_access) as live:
            await live.ready()
            await page.goto(address)
            await launcher(page).click()
            await expect(presence).to_have_text(
                "Online · Usually answers within 2 hours", timeout=patience(15_000)
            )
            await expect(frame(page).get_by_role("img", name="Olga")).to_be_visible()
            await _looked_at(page, axe_source)
