"""On the page: pin, mute, mark as unread, block, message search, formatting, and the emoji picker."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage, SignedIn
from tests.browser.shell import assert_fits, entry, newcomer_with_conversation, pane, picture, ready, write
from tests.browser.threads import open_thread
from tests.harness.cast import BUSINESS, Cast, Person
from tests.harness.rest import eventually

pytestmark = pytest.mark.shown


async def choose(page: Page, name: str, action: str) -> None:
    link = entry(page, name).get_by_role("link")

    async def opened() -> bool:
        """Open the conversation, and wait until it is loaded. Before that the page has no actions for it."""
        await link.click(button="right")
        return await page.get_by_role("menu", name="Conversation actions").is_visible()

    await eventually(opened, "the menu of the conversation")
    await page.get_by_role("menuitem", name=action, exact=True).click()


@pytest.mark.parametrize("width", [390, 1280])
async def test_pin_mute_and_mark_as_unread(cast: Cast, signed_in: SignedIn, width: int) -> None:
    first, conversation = await newcomer_with_conversation(cast, "I was first")
    second, talk = await newcomer_with_conversation(cast, "I came later")
    await cast.olivia.rest.patch(f"/chat/conversations/{conversation['id']}/read")
    page = await ready(await signed_in("olivia", viewport={"width": width, "height": 800}))
    rows = page.locator("[data-list-screen] [data-id]")
    await expect(rows.first).to_contain_text(second.name)
    await like_last(cast.olivia, talk["id"])
    await expect(rows.first).to_contain_text("You reacted 👍 to “I came later”")

    await choose(page, first.name, "Pin to the top")
    await expect(rows.first).to_contain_text(first.name)
    await choose(page, first.name, "Mark as unread")
    await expect(entry(page, first.name).locator("[data-field=count]")).to_have_text("1")
    span = "until I change it" if width > 760 else "for 8 hours"
    await choose(page, first.name, f"Mute {span}")
    await expect(entry(page, first.name).locator("[data-field=muted-text]")).to_be_attached()
    await picture(page, f"list-{width}")

    await page.reload()
    await ready(page)
    await expect(rows.first).to_contain_text(first.name)
    await entry(page, first.name).get_by_role("link").click()
    await expect(pane(page)).to_contain_text("I was first")
    await picture(page, f"pane-{width}")
    if width > 760:
        await expect(entry(page, first.name).locator("[data-field=unread]")).to_be_hidden()
    await mark_unread_from_here(page, cast.olivia, conversation["id"], "I was first")
    state = await cast.olivia.rest.get(f"/chat/conversations/{conversation['id']}")
    assert state["own"]["pinned"] is True
    await cast.olivia.rest.patch(f"/chat/conversations/{conversation['id']}", {"pinned": False})


async def like_last(person: Person, where: str) -> None:
    messages = await person.rest.get(f"/chat/conversations/{where}/messages")
    await person.rest.request("PUT", f"/chat/messages/{messages['results'][-1]['id']}/reactions/👍")


async def mark_unread_from_here(page: Page, person: Person, where: str, text: str) -> None:
    """Mark as unread with the menu of a read message."""

    async def unread() -> int:
        count: int = (await person.rest.get(f"/chat/conversations/{where}"))["unreadCount"]
        return count

    async def is_read() -> bool:
        return await unread() == 0

    await eventually(is_read, "what is seen is read")
    row = pane(page).locator(".row-message").filter(has_text=text)
    await row.hover()
    await row.get_by_role("button", name="Message actions").click()
    await page.get_by_role("menuitem", name="Mark as unread from here").click()
    await expect(pane(page).get_by_text("Marked as unread")).to_be_visible()
    assert await unread() == 1


async def test_block_and_unblock(cast: Cast, signed_in: SignedIn) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Buy cheap things")
    page = await ready(await signed_in("olivia"))
    await choose(page, customer.name, "Block")
    await expect(page.locator(".toast").get_by_text("Blocked. They cannot")).to_be_visible()
    path = f"/chat/conversations/{conversation['id']}"

    async def is_blocked() -> bool:
        return bool((await cast.olivia.rest.get(path))["blocked"])

    async def is_unblocked() -> bool:
        return not await is_blocked()

    await eventually(is_blocked, "the server has the block")
    await entry(page, customer.name).get_by_role("link").click()
    await expect(pane(page).get_by_text("You have blocked")).to_be_visible()
    await expect(pane(page).get_by_role("textbox", name="Message")).to_be_hidden()
    await choose(page, customer.name, "Unblock")
    await expect(page.locator(".toast").get_by_text("Unblocked.")).to_be_visible()
    await expect(pane(page).get_by_role("textbox", name="Message")).to_be_visible()
    await eventually(is_unblocked, "the server has the end of the block")
    await customer.send(conversation["id"], "Here again")
    await expect(entry(page, customer.name)).to_contain_text("Here again")


async def blocked_in_the_page(page: Page, name: str) -> None:
    """From the menu of the list, or of the open conversation on a phone."""
    if await page.locator("[data-side-column]").is_visible():
        await choose(page, name, "Block")
    else:
        await pane(page).get_by_role("button", name="Conversation actions").click()
        await page.get_by_role("menuitem", name="Block", exact=True).click()
    await expect(page.locator(".toast").get_by_text("Blocked. They cannot")).to_be_visible()
    await expect(pane(page).get_by_text("You have blocked")).to_be_visible()
    await expect(pane(page).get_by_role("textbox", name="Message")).to_be_hidden()


@pytest.mark.parametrize("width", [390, 1280])
async def test_a_customer_blocks_a_business_at_once(cast: Cast, signed_in: SignedIn, width: int) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "Is it ready?")
    path = f"/app/c/{conversation['id']}"
    shop = await ready(await signed_in("olivia", path, server=1))
    page = await ready(await signed_in(customer.name, path, viewport={"width": width, "height": 800}))
    there = pane(shop).locator(".thread-presence")
    await expect(there).to_have_text("Online")
    before = await cast.olivia.rest.get(f"/chat/conversations/{conversation['id']}")
    live = await cast.olivia.live()
    await pane(page).get_by_role("textbox", name="Message").press_sequentially("I am wri")
    await expect(pane(shop).locator(".row-typing")).to_be_visible()

    await blocked_in_the_page(page, BUSINESS)
    await expect(pane(shop).locator(".row-typing")).to_be_hidden()
    await expect(there).not_to_contain_text("Online")
    await expect(entry(shop, customer.name).locator("[data-field=online]")).to_be_hidden()
    await live.nothing("conversation_updated", 0.3, lambda data: data["conversationId"] == conversation["id"])
    assert await cast.olivia.rest.get(f"/chat/conversations/{conversation['id']}") == before
    await refused_without_a_reason(shop, "Buy more!")
    await expect(pane(page).get_by_text("Buy more!")).to_have_count(0)
    await picture(page, f"blocked-{width}")

    await pane(page).get_by_role("button", name="Conversation actions").click()
    await page.get_by_role("menuitem", name="Unblock", exact=True).click()
    await expect(page.locator(".toast").get_by_text("Unblocked.")).to_be_visible()
    await expect(there).to_have_text("Online")
    await pane(shop).locator(".failure").get_by_role("button", name="Try again").click()
    await expect(pane(page).get_by_text("Buy more!", exact=True)).to_be_visible()
    await expect(pane(page).get_by_role("textbox", name="Message")).to_be_visible()


async def refused_without_a_reason(page: Page, text: str) -> None:
    """What the other side reads who has been blocked, and is not told."""
    page.allowed.append("403")  # type: ignore[attr-defined]
    await write(page, text)
    await expect(pane(page).locator(".failure")).to_be_visible()
    assert "block" not in (await page.locator("body").inner_text()).lower()


@pytest.mark.parametrize("width", [390, 1280])
async def test_a_found_message_opens_at_its_place(cast: Cast, signed_in: SignedIn, width: int) -> None:
    customer, conversation = await newcomer_with_conversation(cast, "My zeppelin needs a new wheel")
    for number in range(70):
        await customer.send(conversation["id"], f"filler {number}")
    page = await ready(await signed_in("olivia", viewport={"width": width, "height": 800}))
    await page.get_by_role("searchbox", name="Search").fill("zeppelin")
    found = page.locator("[data-found-messages] [data-seq]").filter(has_text=customer.name)
    await expect(found).to_be_visible()
    await expect(found.locator("mark")).to_have_text("zeppelin")
    await picture(page, f"search-{width}")
    await page.get_by_role("link", name="Clear the search").click()
    await expect(page.get_by_role("searchbox", name="Search")).to_be_focused()
    await expect(page.locator("[data-found-messages]")).to_be_hidden()
    await page.get_by_role("searchbox", name="Search").fill("zeppelin")
    await page.get_by_role("button", name="From me").click()
    await expect(found).to_have_count(0)
    await page.get_by_role("button", name="From me").click()
    await page.get_by_label("To", exact=True).fill("2020-01-31")
    await expect(found).to_have_count(0)
    await page.get_by_label("To", exact=True).fill("")
    await page.get_by_label("From", exact=True).fill("2020-01-31")
    await found.click()
    row = pane(page).locator(".row-message").filter(has_text="My zeppelin needs")
    await expect(row).to_be_in_viewport()
    await expect(row).to_be_focused()


async def test_formatting_links_and_folds(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    await customer.send(
        where,
        "*Big* _news_ `x = 1`\n- one\n- two\n```\n<b>code</b>\n```\nmail me: a@b.example, +49 30 123456",
    )
    await customer.send(where, "\n".join(f"line {number}" for number in range(60)))
    shop = await open_thread(open_page, cast.olivia, where)
    row = shop.messages.filter(has_text="news")
    await expect(row.locator("strong")).to_have_text("Big")
    await expect(row.locator("em")).to_have_text("news")
    await expect(row.locator("li")).to_have_text(["one", "two"])
    await expect(row.locator("pre")).to_have_text("<b>code</b>")
    await expect(row.get_by_role("link", name="a@b.example")).to_have_attribute("href", "mailto:a@b.example")
    await expect(row.get_by_role("link", name="+49 30 123456")).to_have_attribute("href", "tel:+4930123456")
    long = shop.messages.filter(has_text="line 59")
    height = (await long.bounding_box() or {"height": 0})["height"]
    await long.get_by_role("button", name="Show more").click()
    await expect(long.get_by_role("button", name="Show less")).to_be_visible()
    assert (await long.bounding_box() or {"height": 0})["height"] > 2 * height
    await picture(shop.page, "formats")
    await shop.page.set_viewport_size({"width": 390, "height": 800})
    await long.get_by_role("button", name="Show less").click()
    await expect(row.get_by_role("link", name="+49 30 123456")).to_be_attached()
    await assert_fits(shop.page)


@pytest.mark.parametrize("width", [390, 1280])
async def test_the_picker_finds_an_emoji(cast: Cast, open_page: OpenPage, width: int) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    await cast.olivia.send(where, "Welcome")
    theirs = await open_thread(open_page, customer, where, viewport={"width": width, "height": 800})
    row = theirs.said("Welcome")
    await row.hover()
    await row.get_by_role("button", name="Message actions").click()
    await theirs.root.get_by_role("menuitemcheckbox", name="More emoji").click()
    dialog = theirs.page.get_by_role("dialog", name="Choose an emoji")
    await expect(dialog.get_by_role("button", name="grinning face", exact=True)).to_be_visible()
    await picture(theirs.page, f"picker-{width}")
    await dialog.get_by_role("radio", name="Skin tone 3").click()
    await dialog.get_by_role("searchbox").fill("wav han")
    await dialog.get_by_role("button", name="waving hand", exact=True).click()
    await expect(row.locator(".reaction")).to_contain_text("👋🏽")
    await expect(dialog).to_have_count(0)
