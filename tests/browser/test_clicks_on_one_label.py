"""Two quick clicks on one label reach the server in their order, so that the last one wins."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Request, Route, expect

from tests.browser.conftest import SignedIn
from tests.browser.shell import newcomer_with_conversation, pane, ready
from tests.harness.cast import Cast
from tests.harness.rest import eventually

pytestmark = pytest.mark.shown


async def test_the_second_click_on_a_label_wins(cast: Cast, signed_in: SignedIn) -> None:
    _, conversation = await newcomer_with_conversation(cast, "A label, or none")
    where = conversation["id"]
    body = {"businessId": cast.business_id, "name": f"hesitant-{where}"}
    label = await cast.olivia.rest.post("/team/labels", body)
    page = await ready(await signed_in("olivia", f"/app/c/{where}"))
    sent: list[str] = []
    released = asyncio.Event()

    async def hold(route: Route) -> None:
        await released.wait()
        await route.continue_()

    def note(request: Request) -> None:
        if request.method == "PATCH":
            sent.extend(request.post_data_json or {})

    await page.route(f"**/conversations/{where}/team", hold, times=1)
    page.on("request", note)
    bar = pane(page).get_by_role("group", name="What the team has set")
    await bar.get_by_text("More", exact=True).click()
    box = bar.get_by_role("checkbox", name=label["name"])
    async with page.expect_request(f"**/conversations/{where}/team"):
        await box.check()
    await box.uncheck()
    assert sent == ["addLabelIds"]  # the second waits
    async with page.expect_response(lambda response: "removeLabelIds" in (response.request.post_data or "")):
        released.set()
    assert sent == ["addLabelIds", "removeLabelIds"]
    await expect(box).not_to_be_checked()

    async def has_none() -> bool:
        state = await cast.olivia.rest.get(f"/chat/conversations/{where}/team")
        return not state["labelIds"]

    await eventually(has_none, "the label is removed")
    await cast.olivia.rest.delete(f"/team/labels/{label['id']}")
