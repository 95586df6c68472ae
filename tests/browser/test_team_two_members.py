"""Two members share a conversation at both sizes, change several at once, take it back, and save a view."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.browser.axe import assert_accessible
from tests.browser.conftest import SignedIn
from tests.browser.shell import (
    PHONE,
    assert_fits,
    entry,
    newcomer_with_conversation,
    pane,
    picture,
    place_of,
    ready,
)
from tests.harness.backend import Deployment
from tests.harness.cast import Cast

pytestmark = pytest.mark.shown

DARK_PHONE: dict[str, Any] = {**PHONE, "color_scheme": "dark"}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
RENAME = """
from django.contrib.auth.models import User
User.objects.filter(pk={user}).update(first_name="Nora", last_name={last!r})
"""


async def _looked_at(page: Page, axe_source: str, name: str) -> None:
    await assert_accessible(page, axe_source)
    await assert_fits(page)
    await picture(page, f"{name}-{(page.viewport_size or PHONE['viewport'])['width']}")


async def _is_whole(seen: Locator) -> bool:
    whole: bool = await seen.evaluate("node => node.scrollWidth <= node.clientWidth")
    return whole


async def _the_colleague_is_shown(olivia: Page, amir: Page, name: str, axe_source: str) -> None:
    """The name has its place beside the colleague who is there, and the field warns of an answer."""
    await pane(amir).get_by_role("textbox", name="Message").press_sequentially("I am")
    await expect(pane(olivia).locator(".collision")).to_have_text(
        "Amir Nasser is answering this customer now."
    )
    await expect(pane(olivia).locator(".thread-name")).to_have_text(name)
    assert await _is_whole(pane(olivia).locator(".thread-name"))
    await _looked_at(olivia, axe_source, "collision")
    await pane(amir).get_by_role("textbox", name="Message").fill("")


async def _a_note_mentions_the_colleague(olivia: Page, amir: Page) -> None:
    await pane(olivia).get_by_role("button", name="Private note").click()
    field = pane(olivia).get_by_role("textbox", name="Private note")
    await field.press_sequentially("Can you, @ami")
    await pane(olivia).get_by_role("option", name="@Amir Nasser").click()
    await pane(olivia).get_by_role("button", name="Add the note").click()
    await expect(pane(amir).locator(".row-note .note-mention")).to_have_text("@Amir Nasser")
    await pane(olivia).get_by_role("button", name="Message", exact=True).click()


async def _all_of_the_state_is_set(olivia: Page, amir: Page, names: list[str], axe_source: str) -> None:
    """The panel is within the conversation, and the colleague sees each choice."""
    bar = pane(olivia).get_by_role("group", name="What the team has set")
    await bar.get_by_text("More", exact=True).click()
    panel, thread = (
        await place_of(bar.locator(".team-more-inside")),
        await place_of(pane(olivia).locator(".thread")),
    )
    assert thread["x"] <= panel["x"]
    assert panel["x"] + panel["width"] <= thread["x"] + thread["width"]
    label, group = names
    await bar.get_by_role("combobox", name="Priority").select_option("Urgent")
    await bar.get_by_role("combobox", name="Group").select_option(group)
    await bar.get_by_role("checkbox", name=label).check()
    await _looked_at(olivia, axe_source, "more")
    await bar.get_by_text("More", exact=True).click()
    chips = pane(amir).locator(".team-bar .team-chips")
    for text in ("Urgent", group, label):
        await expect(chips).to_contain_text(text)


async def _the_colleague_takes_over(olivia: Page, amir: Page, cast: Cast, where: str) -> None:
    await cast.olivia.rest.post(f"/chat/conversations/{where}/hand-over", {})
    await pane(amir).get_by_role("button", name="Take over").click()
    await expect(pane(olivia).get_by_role("combobox", name="Assignee")).to_have_value(cast.amir.id)


async def _archived_from_the_menu(page: Page) -> None:
    """A phone has no button for it beside the name."""
    await expect(pane(page).get_by_role("button", name="Archive")).to_be_hidden()
    await pane(page).get_by_role("button", name="Conversation actions").click()
    await expect(page.get_by_role("menuitem", name="Archive")).to_be_visible()
    await page.keyboard.press("Escape")


async def _press_long(page: Page, row: Locator) -> None:
    """Hold a finger on the row until it is selected."""
    await row.scroll_into_view_if_needed()
    box = await place_of(row)
    debugger = await page.context.new_cdp_session(page)
    point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    await debugger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    await expect(row.get_by_role("checkbox")).to_be_checked()
    await debugger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


async def _press(button: Locator) -> None:
    """Tap or click, as the browser of the page does."""
    has_touch = await button.evaluate("() => navigator.maxTouchPoints > 0")
    await (button.tap() if has_touch else button.click())


async def _several_are_selected_on_a_phone(page: Page, names: list[str]) -> None:
    await page.get_by_role("button", name="Back").or_(page.get_by_role("link", name="Back")).first.click()
    await _press_long(page, entry(page, names[0]))
    await entry(page, names[1]).get_by_role("link").tap()


async def _several_are_selected(page: Page, names: list[str]) -> None:
    """The second one by its key."""
    await entry(page, names[0]).get_by_role("checkbox").check()
    await entry(page, names[1]).get_by_role("link").focus()
    await page.keyboard.press("x")
    await expect(entry(page, names[1]).get_by_role("checkbox")).to_be_checked()


async def _they_are_resolved_and_taken_back(page: Page, colleague: Page, axe: str) -> None:
    bar = page.get_by_role("toolbar", name="Selected conversations")
    await expect(bar).to_contain_text("2 selected")
    await _looked_at(page, axe, "bulk")
    await _press(bar.get_by_role("button", name="Resolve"))
    status = pane(colleague).get_by_role("combobox", name="Status")
    await expect(status).to_have_value("resolved")
    await _press(page.get_by_role("button", name="Undo"))
    await expect(status).to_have_value("open")


async def _a_view_is_saved(page: Page, name: str, axe_source: str) -> None:
    filters = page.locator("[data-team-filters]")
    await filters.get_by_role("combobox", name="Priority").select_option("Urgent")
    await _press(page.get_by_role("button", name="Save view"))
    dialog = page.get_by_role("dialog", name="Save view")
    await dialog.get_by_label("Name").fill("Burning")
    await _looked_at(page, axe_source, "view")
    await page.keyboard.press("Enter")
    link = page.get_by_role("navigation", name="Saved views").get_by_role("link", name="Burning")
    await expect(link).to_have_attribute("aria-current", "true")
    await expect(entry(page, name)).to_be_visible()
    await _press(page.get_by_role("button", name="Change the view Burning"))
    await _press(page.get_by_role("dialog").get_by_role("button", name="Delete"))
    await expect(link).to_have_count(0)


@pytest.mark.parametrize("look", [DARK_PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_two_members_share_a_conversation(
    cast: Cast, deployment: Deployment, signed_in: SignedIn, axe_source: str, look: dict[str, Any]
) -> None:
    other, _ = await newcomer_with_conversation(cast, "And me?")
    customer, conversation = await newcomer_with_conversation(cast, "Where is my parcel?")
    where, name = conversation["id"], f"Nora {customer.id}"
    deployment.shell(RENAME.format(user=customer.id, last=customer.id))
    business = {"businessId": cast.business_id}
    made = [
        await cast.olivia.rest.post(f"/team/{kind}", {**business, "name": f"{kind}-{customer.id}"})
        for kind in ("labels", "groups")
    ]
    amir = await ready(await signed_in("amir", f"/app/c/{where}", **look))
    olivia = await ready(await signed_in("olivia", f"/app/c/{where}", **look))
    asking = await ready(await signed_in(customer.name, f"/app/c/{where}", **look))
    await _the_colleague_is_shown(olivia, amir, name, axe_source)
    await _a_note_mentions_the_colleague(olivia, amir)
    await _all_of_the_state_is_set(olivia, amir, [one["name"] for one in made], axe_source)
    await _the_colleague_takes_over(olivia, amir, cast, where)
    if look is DARK_PHONE:
        await _archived_from_the_menu(olivia)
        await _several_are_selected_on_a_phone(olivia, [name, other.name])
    else:
        await _several_are_selected(olivia, [name, other.name])
    await _they_are_resolved_and_taken_back(olivia, amir, axe_source)
    await _a_view_is_saved(olivia, name, axe_source)
    await expect(pane(asking).locator(".row-note, .team-bar, .collision, .writing-mode")).to_have_count(0)
    await expect(pane(asking)).not_to_contain_text("Can you")
    for kind, row in zip(("labels", "groups"), made, strict=True):
        await cast.olivia.rest.delete(f"/team/{kind}/{row['id']}")


async def test_labels_that_are_set_in_a_row_are_all_kept(cast: Cast, signed_in: SignedIn) -> None:
    """The request for the second one overtakes that for the first."""
    _, conversation = await newcomer_with_conversation(cast, "Two labels, please")
    where, business = conversation["id"], {"businessId": cast.business_id}
    made = [
        await cast.olivia.rest.post("/team/labels", {**business, "name": f"{name}-{where}"})
        for name in ("first", "second")
    ]
    page = await ready(await signed_in("olivia", f"/app/c/{where}"))
    overtaken = asyncio.Event()

    async def wait_for_the_second(route: Route) -> None:
        await overtaken.wait()
        await route.continue_()

    await page.route(f"**/conversations/{where}/team", wait_for_the_second, times=1)
    bar = pane(page).get_by_role("group", name="What the team has set")
    await bar.get_by_text("More", exact=True).click()
    boxes = [bar.get_by_role("checkbox", name=label["name"]) for label in made]
    await boxes[0].check()
    async with page.expect_response(f"**/conversations/{where}/team"):
        await boxes[1].check()
    overtaken.set()
    chips = pane(page).locator(".team-bar .team-chips")
    for label in made:
        await expect(chips).to_contain_text(label["name"])
    state = await cast.olivia.rest.get(f"/chat/conversations/{where}/team")
    assert {*state["labelIds"]} == {label["id"] for label in made}
    for label in made:
        await cast.olivia.rest.delete(f"/team/labels/{label['id']}")
