"""All user texts stay text: they run nothing, load nothing, and link only to the address that they show."""

from __future__ import annotations

from typing import Final

import pytest
from playwright.async_api import Page, Request, expect

from tests.browser.conftest import OpenPage
from tests.browser.threads import open_thread
from tests.harness.cast import Cast

pytestmark = pytest.mark.shown

CORPUS: Final = (
    "<script>globalThis.hurt = 1</script>",
    "<img src=x onerror=globalThis.hurt=1>",
    "<svg/onload=globalThis.hurt=1>",
    "\"><iframe srcdoc='<script>parent.hurt=1</script>'></iframe>",
    "javascript:globalThis.hurt=1",
    "</script><script>globalThis.hurt=1</script>",
    "<!--<script>",
    "{{constructor.constructor('globalThis.hurt=1')()}}",
    "&lt;b&gt;not bold&lt;/b&gt; &#60;",
    "<a href='javascript:globalThis.hurt=1'>here</a>",
    "<style>*{display:none}</style>",
    'https://example.com/"onmouseover="globalThis.hurt=1',
    "data:text/html,<script>parent.hurt=1</script>",
    "\u202egnp.exe",
    "W" * 4_000,
    "%(name)s %(count)s ${globalThis.hurt=1} `x`",
)
TYPES: Final = ("image", "file", "voice")


async def test_the_corpus_is_shown_as_it_is(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    for text in CORPUS:
        answered = await customer.send(where, text)
        await customer.send(where, "An answer", replyTo=answered["id"])
    for kind in TYPES:
        await customer.send(where, CORPUS[1], messageType=kind)
        await customer.send(where, "javascript:globalThis.hurt=1", messageType=kind)
        await customer.send(where, "https://elsewhere.example/%3Cimg%20src=x%3E.png", messageType=kind)
    asked: list[str] = []

    async def watch(page: Page) -> None:
        def on_request(request: Request) -> None:
            asked.append(request.url)

        page.on("request", on_request)

    thread = await open_thread(open_page, cast.olivia, where, before=watch)
    await expect(thread.messages).to_have_count(2 * len(CORPUS) + 3 * len(TYPES))
    texts = await thread.root.locator(
        ".row-message:not(:has(.quote)):not(:has(.card)) .bubble-text"
    ).all_text_contents()
    assert texts == [*CORPUS[:-1], CORPUS[-1].replace("`x`", "x")]  # which is shown as code
    assert await thread.root.locator(
        ".row-message:not(:has(.quote)) .bubble-text code"
    ).all_text_contents() == ["x"]
    await cast.olivia.rest.patch(f"/chat/conversations/{where}/read")
    assert await thread.page.evaluate("globalThis.hurt") is None
    assert await thread.root.locator("script, iframe, img, style, object").count() == 0
    links = await thread.root.locator("a").evaluate_all(
        "nodes => nodes.map((node) => [node.protocol, node.rel])"
    )
    assert {protocol for protocol, _ in links} == {"https:"}
    assert {rel for _, rel in links} == {"noopener noreferrer nofollow ugc"}
    assert all(url.startswith((cast.olivia.rest.url, "data:")) for url in asked)
    wide = await thread.scroller.evaluate("node => node.scrollWidth - node.clientWidth")
    assert wide <= 0


async def test_a_link_shows_where_it_leads(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    await customer.send(
        where, "See (https://en.example/wiki/Bell_(bicycle)), or https://bank.example@evil.example/x!"
    )
    await customer.send(where, "https://аpple.example/ and ftp://no.example")
    thread = await open_thread(open_page, cast.olivia, where)
    links = thread.root.locator(".bubble-text a")
    await expect(links).to_have_count(3)
    hrefs = await links.evaluate_all("nodes => nodes.map((node) => node.href)")
    assert hrefs[0] == "https://en.example/wiki/Bell_(bicycle)"
    assert hrefs[1] == "https://bank.example@evil.example/x"
    hosts = await thread.root.locator(".link-host").all_text_contents()
    assert hosts[0] == "(evil.example)"
    assert hosts[1].startswith("(xn--")
