"""A visitor writes a long message: the field of the widget shows all of it, from the first message on."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.hosts import HostSite, WidgetShop
from tests.browser.shell import picture
from tests.browser.test_widget import frame, launcher
from tests.harness.backend import Deployment
from tests.harness.patience import patience

pytestmark = pytest.mark.shown

HIDDEN = "node => node.scrollHeight - node.clientHeight"
QUESTION = "I have a question about my order, which has more to it than one line can hold. " * 2


async def test_the_field_is_as_high_as_its_text(deployment: Deployment, open_page: OpenPage) -> None:
    with HostSite(deployment.server(0).url) as host:
        shop = WidgetShop.make(deployment, origins=[host.origin], guests_allowed=True)
        page = await open_page(host.with_widget("/", shop), viewport={"width": 360, "height": 640})
        await launcher(page).click()
        field = frame(page).get_by_role("textbox", name="Message")
        await expect(field).to_be_focused(timeout=patience(15_000))
        one_line = await field.evaluate("node => node.offsetHeight")
        for number in range(2):
            await field.fill(f"{number}: {QUESTION}")
            assert await field.evaluate(HIDDEN) == 0
            assert await field.evaluate("node => node.offsetHeight") > one_line
            await picture(page, f"widget-writing-{number}")
            await field.press("Enter")
            await expect(frame(page).get_by_text(f"{number}: {QUESTION.strip()}").first).to_be_visible()
            await expect(field).to_have_value("")
            assert await field.evaluate("node => node.offsetHeight") == one_line
