"""Changes are shown at once. They wait for the network, can be undone, and are reverted if the server refuses them."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import OpenPage, SignedIn
from tests.browser.shell import entry, loaded, newcomer_with_conversation, pane, shown
from tests.browser.test_thread_offline import allow_trouble
from tests.browser.threads import ThreadPage, open_thread
from tests.harness.cast import Cast
from tests.harness.patience import patience
from tests.harness.rest import eventually

pytestmark = pytest.mark.shown


async def go_offline(thread: ThreadPage) -> None:
    allow_trouble(thread)
    await thread.page.context.set_offline(True)
    # An open socket survives Chromium's offline mode.
    await thread.page.evaluate("chat.client.close(); chat.client.connect()")


async def test_edits_deletions_and_reactions_wait_for_the_network(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    first = await customer.send(where, "Helo")
    second = await customer.send(where, "Wrong window")
    theirs = await cast.olivia.send(where, "Hello!")
    thread = await open_thread(open_page, customer, where)
    await go_offline(thread)
    await thread.choose("Helo", "Edit")
    await thread.write("Hello")
    await expect(thread.said("Hello").locator(".ticks-pending")).to_be_visible()
    await thread.choose("Wrong window", "Delete")
    await thread.root.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(thread.said("You deleted this message").locator(".ticks-pending")).to_be_visible()
    await thread.said("Hello!").hover()
    await thread.said("Hello!").get_by_role("button", name="Message actions").click()
    await thread.root.get_by_role("menuitemcheckbox", name="React with 👍").click()
    await expect(thread.said("Hello!").locator(".reaction.is-mine")).to_be_visible()
    before = await customer.rest.get(f"/chat/messages/{first['id']}")
    assert before["content"] == "Helo"

    await thread.page.context.set_offline(False)
    await expect(thread.root.locator(".ticks-pending")).to_have_count(0, timeout=patience(20_000))
    assert (await customer.rest.get(f"/chat/messages/{first['id']}"))["content"] == "Hello"
    assert (await customer.rest.get(f"/chat/messages/{second['id']}"))["deletedAt"]
    assert (await customer.rest.get(f"/chat/messages/{theirs['id']}"))["reactions"][0]["count"] == 1
    await expect(thread.said("Hello!").locator(".reaction.is-mine")).to_be_visible()


async def test_a_refused_edit_is_undone_with_a_word(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    message = await customer.send(where, "Going away")
    thread = await open_thread(open_page, customer, where)
    await go_offline(thread)
    await thread.choose("Going away", "Edit")
    await thread.write("Staying")
    await expect(thread.said("Staying")).to_be_visible()
    await customer.rest.delete(f"/chat/messages/{message['id']}")  # on another device
    await thread.page.context.set_offline(False)
    await expect(thread.root.get_by_role("alert")).to_contain_text(
        "That did not work", timeout=patience(20_000)
    )
    await expect(thread.said("Staying")).to_have_count(0)
    await expect(thread.said("You deleted this message")).to_be_visible()


async def test_a_deletion_by_key_can_be_taken_back(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    message = await customer.send(where, "Not so fast")
    thread = await open_thread(open_page, customer, where)
    await thread.said("Not so fast").focus()
    await thread.page.keyboard.press("Delete")
    await expect(thread.said("You deleted this message")).to_be_visible()
    await thread.root.get_by_role("button", name="Undo").click()
    await expect(thread.said("Not so fast")).to_be_visible()
    await thread.said("Not so fast").focus()
    await thread.page.keyboard.press("Delete")
    await expect(thread.said("You deleted this message")).to_be_visible()

    async def is_deleted() -> bool:
        return bool((await customer.rest.get(f"/chat/messages/{message['id']}"))["deletedAt"])

    assert not await is_deleted()
    await eventually(is_deleted, "the moment to take it back is over")


async def test_archiving_waits_for_the_network(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Put me away")
    page = await loaded(await signed_in("olivia", f"/app/c/{conversation['id']}"))
    page.allowed.append("ERR_INTERNET_DISCONNECTED")  # type: ignore[attr-defined]
    await page.context.set_offline(True)
    await pane(page).get_by_role("button", name="Archive").click()
    await expect(entry(page, customer.name)).to_be_hidden()
    assert not (await cast.olivia.rest.get(f"/chat/conversations/{conversation['id']}"))["archived"]
    await page.context.set_offline(False)

    async def is_archived() -> bool:
        return bool((await cast.olivia.rest.get(f"/chat/conversations/{conversation['id']}"))["archived"])

    await eventually(is_archived, "the conversation is archived")
    await shown(page, "Archived").click()
    await expect(entry(page, customer.name)).to_be_visible()
    await expect(page).to_have_url(re.compile("show=archived"))


async def test_what_one_keeps_for_oneself_waits_for_the_network(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Keep me in view")
    path = f"/chat/conversations/{conversation['id']}"
    page = await loaded(await signed_in("olivia"))
    page.allowed.append("ERR_INTERNET_DISCONNECTED")  # type: ignore[attr-defined]
    row = entry(page, customer.name)
    await page.context.set_offline(True)
    for action in ("Pin to the top", "Mute until I change it"):
        await row.get_by_role("link").click(button="right")
        await page.get_by_role("menuitem", name=action).click()
    link = row.locator("[data-row]")
    await expect(link).to_have_class(re.compile(r"(?=.*is-pinned)(?=.*is-muted)(?=.*is-pending)"))
    assert not (await cast.olivia.rest.get(path)).get("own", {}).get("pinned")
    await page.context.set_offline(False)
    await expect(link).not_to_have_class(re.compile("is-pending"), timeout=patience(20_000))
    await expect(link).to_have_class(re.compile(r"(?=.*is-pinned)(?=.*is-muted)"))
    own = (await cast.olivia.rest.get(path))["own"]
    assert own["pinned"] is True
    assert own["mutedUntil"] is not None
    await cast.olivia.rest.patch(path, {"pinned": False})


async def test_a_change_is_shown_before_the_list_has_its_first_answer(
    cast: Cast, signed_in: SignedIn
) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Pin me")
    path = f"/chat/conversations/{conversation['id']}"
    page = await loaded(await signed_in("olivia", f"/app/c/{conversation['id']}"))
    gate = asyncio.Event()

    async def slowly(route: Route) -> None:
        await gate.wait()
        await route.continue_()

    await page.route(re.compile(r"/chat/conversations\?"), slowly)
    said = await customer.send(conversation["id"], "Once more")
    await page.reload()

    async def is_read() -> bool:
        return bool((await customer.rest.get(f"/chat/messages/{said['id']}"))["status"] == "read")

    await eventually(is_read, "the page has joined the conversation")
    row = entry(page, customer.name)
    await row.get_by_role("link").click(button="right")
    await page.get_by_role("menuitem", name="Pin to the top").click()
    await expect(row.locator("[data-row]")).to_have_class(re.compile("is-pinned"))
    gate.set()
    await loaded(page)
    await expect(row.locator("[data-row]")).to_have_class(re.compile("is-pinned"))
    await cast.olivia.rest.patch(path, {"pinned": False})


async def test_reading_makes_a_waiting_mark_as_unread_void(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Read me")
    other, _ = await newcomer_with_conversation(cast, "Me too")
    page = await loaded(await signed_in("olivia", f"/app/c/{conversation['id']}"))
    page.allowed.append("ERR_INTERNET_DISCONNECTED")  # type: ignore[attr-defined]
    row = entry(page, customer.name)
    await expect(row.locator("[data-field=unread]")).to_be_hidden()
    await entry(page, other.name).get_by_role("link").click()
    await expect(pane(page)).to_contain_text("Me too")
    await page.context.set_offline(True)
    link = row.locator("[data-row]")
    for read in ("by opening it", "in the menu"):
        await row.get_by_role("link").click(button="right")
        await page.get_by_role("menuitem", name="Mark as unread").click()
        await expect(link).to_have_class(re.compile("is-pending"))
        if read == "in the menu":
            await row.get_by_role("link").click(button="right")
            await page.get_by_role("menuitem", name="Mark as read").click()
        else:
            await row.get_by_role("link").click()
            await expect(pane(page)).to_contain_text("Read me")
        await expect(link).not_to_have_class(re.compile("is-pending"))
        await expect(row.locator("[data-field=unread]")).to_be_hidden()
    await page.context.set_offline(False)
    state = await cast.olivia.rest.get(f"/chat/conversations/{conversation['id']}")
    assert (state["unreadCount"], (state.get("own") or {}).get("unreadFrom")) == (0, None)


async def test_a_refused_archive_is_undone_with_a_word(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "I stay here")
    page = await loaded(await signed_in("olivia", f"/app/c/{conversation['id']}"))
    page.allowed.append("403")  # type: ignore[attr-defined]

    async def refuse(route: Route) -> None:
        error = {"code": "forbidden", "message": "You cannot do this."}
        await route.fulfill(status=403, json={"error": error})

    await page.route(re.compile(f"/chat/conversations/{conversation['id']}$"), refuse)
    await pane(page).get_by_role("button", name="Archive").click()
    await expect(page.locator(".toast")).to_contain_text("You")
    await expect(entry(page, customer.name)).to_be_visible()
    assert not (await cast.olivia.rest.get(f"/chat/conversations/{conversation['id']}"))["archived"]


async def test_a_block_waits_for_the_network(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Buy cheap things")
    path = f"/chat/conversations/{conversation['id']}"
    page = await loaded(await signed_in("olivia", f"/app/c/{conversation['id']}"))
    page.allowed.append("ERR_INTERNET_DISCONNECTED")  # type: ignore[attr-defined]
    link = entry(page, customer.name).locator("[data-row]")
    for action, is_blocked in (("Block", True), ("Unblock", False)):
        await page.context.set_offline(True)
        await pane(page).get_by_role("button", name="Conversation actions").click()
        await page.get_by_role("menuitem", name=action, exact=True).click()
        await expect(pane(page).get_by_text("You have blocked")).to_be_visible(visible=is_blocked)
        await expect(pane(page).get_by_role("textbox", name="Message")).to_be_visible(visible=not is_blocked)
        await expect(link).to_have_class(re.compile("is-pending"))
        assert (await cast.olivia.rest.get(path))["blocked"] is not is_blocked
        await page.context.set_offline(False)
        await expect(link).not_to_have_class(re.compile("is-pending"), timeout=patience(20_000))
        assert (await cast.olivia.rest.get(path))["blocked"] is is_blocked


async def test_a_refused_block_is_undone_with_a_word(cast: Cast, signed_in: SignedIn) -> None:
    _, conversation = await newcomer_with_conversation(cast, "Let me stay")
    page = await loaded(await signed_in("olivia", f"/app/c/{conversation['id']}"))
    page.allowed.append("403")  # type: ignore[attr-defined]

    async def refuse(route: Route) -> None:
        error = {"code": "forbidden", "message": "You cannot do this."}
        await route.fulfill(status=403, json={"error": error})

    await page.route(re.compile("/chat/blocks/"), refuse)
    await pane(page).get_by_role("button", name="Conversation actions").click()
    await page.get_by_role("menuitem", name="Block", exact=True).click()
    await expect(page.locator(".toast")).to_contain_text("You can view this, but you cannot change it.")
    await expect(pane(page).get_by_role("textbox", name="Message")).to_be_visible()


async def test_a_change_that_waits_outlives_the_page(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Keep me")
    path = f"/chat/conversations/{conversation['id']}"
    page = await loaded(await signed_in("olivia"))
    page.allowed.append("ERR_FAILED")  # type: ignore[attr-defined]

    async def lose(route: Route) -> None:
        await (route.abort() if route.request.method == "PATCH" else route.continue_())

    await page.route(re.compile(f"{path}$"), lose)
    row = entry(page, customer.name)
    await row.get_by_role("link").click(button="right")
    await page.get_by_role("menuitem", name="Pin to the top").click()
    await expect(row.locator("[data-row]")).to_have_class(re.compile("is-pending"))
    await page.unroute_all()
    await page.reload()
    await loaded(page)
    await expect(row.locator("[data-row]")).to_have_class(re.compile("is-pinned"))

    async def is_pinned() -> bool:
        return bool(((await cast.olivia.rest.get(path)).get("own") or {}).get("pinned"))

    await eventually(is_pinned, "the conversation is pinned")
    await cast.olivia.rest.patch(path, {"pinned": False})
