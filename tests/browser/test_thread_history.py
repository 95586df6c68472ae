"""With a hundred thousand messages, the page stays small, and every message can be reached."""

from __future__ import annotations

from typing import Final

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.test_thread_live import looks_away
from tests.browser.threads import ThreadPage, open_thread
from tests.harness.backend import Deployment
from tests.harness.cast import Cast

pytestmark = pytest.mark.shown

MANY: Final = 100_000
MOST_NODES: Final = 4_000

FILL = """
from django.db import connection, transaction
from conversations.models import Conversation
where, customer, member, many = "{where}", {customer}, {member}, {many}
lite = connection.vendor == "sqlite"
fresh = "lower(hex(randomblob(16)))" if lite else "gen_random_uuid()"
numbers = (
    "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i FROM n)" % many
    if lite else "(SELECT generate_series(1, %d) AS i)" % many
)
at = "datetime('2026-01-01', '+' || i || ' minutes')" if lite else "timestamptz '2026-01-01Z' + i * interval '1 minute'"
key = where.replace("-", "") if lite else where
with transaction.atomic(), connection.cursor() as cursor:
    cursor.execute(
        "INSERT INTO conversations_chatmessage (id, conversation_id, seq, rev, sender_id, sender_side, content, "
        "message_type, status, delivered_at, read_at, created_at) "
        f"SELECT {{fresh}}, %s, i, i, CASE WHEN i %% 3 = 0 THEN %s ELSE %s END, "
        "CASE WHEN i %% 3 = 0 THEN 'business' ELSE 'customer' END, "
        "'Message ' || i || CASE WHEN i %% 7 = 0 THEN repeated ELSE '' END, "
        f"'text', 'read', {{at}}, {{at}}, {{at}} FROM {{numbers}} AS numbers, (SELECT %s AS repeated) AS words",
        [key, member, customer, " and a longer line of text" * 12],
    )
    Conversation.objects.filter(pk=where).update(last_seq=many, rev=many, last_message_at="2026-03-11T10:40:00Z")
"""


async def nodes(thread: ThreadPage) -> int:
    count: int = await thread.root.evaluate("node => node.querySelectorAll('*').length")
    return count


async def step_up(thread: ThreadPage) -> str:
    """Scroll up by two windows, and wait until the loaded messages have moved nothing.

    Return the first visible message.
    """
    return await thread.scroller.evaluate(  # type: ignore[no-any-return]
        """async (scroller) => {
            const first = () => {
                const { top } = scroller.getBoundingClientRect();
                const rows = [...scroller.querySelectorAll('.row-message')];
                return rows.find((row) => row.getBoundingClientRect().bottom > top);
            };
            const frames = (count) => new Promise((done) => {
                const next = () => (count-- > 0 ? requestAnimationFrame(next) : done());
                next();
            });
            scroller.scrollTop -= 2 * scroller.clientHeight;
            await frames(2);
            const row = first();
            const before = row.getBoundingClientRect().top;
            await frames(15);
            const moved = row.getBoundingClientRect().top - before;
            if (!row.isConnected || Math.abs(moved) > 2) throw new Error(`what is looked at moved by ${moved}`);
            return row.dataset.seq;
        }"""
    )


async def test_a_hundred_thousand_messages(cast: Cast, deployment: Deployment, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    code = FILL.format(where=where, customer=customer.id, member=cast.olivia.id, many=MANY)
    deployment.shell(code)
    early = (await customer.rest.get(f"/chat/conversations/{where}/messages?after=4&limit=1"))["results"][0]
    await cast.olivia.send(where, "As you said then", replyTo=early["id"])

    thread = await open_thread(open_page, customer, where, viewport={"width": 700, "height": 700})
    await expect(thread.said("As you said then")).to_be_in_viewport()
    await scroll_up(thread)
    await to_the_first_and_on(thread)
    await to_the_far_message_of_a_reply(thread)

    # Far up in the history, changes are still shown, and so is the count of new messages.
    await customer.rest.patch(f"/chat/messages/{early['id']}", {"content": "Message five"})
    await expect(thread.said("Message five")).to_contain_text("edited")
    await cast.olivia.send(where, "And now?")
    await expect(thread.latest).to_have_accessible_name("1 new message: go to the latest")
    await thread.latest.click()
    await expect(thread.said("And now?")).to_be_in_viewport()


async def scroll_up(thread: ThreadPage) -> None:
    seqs = []
    for _ in range(8):
        seqs.append(int(await step_up(thread)))
        assert await nodes(thread) < MOST_NODES
    assert seqs == sorted(seqs, reverse=True)
    assert seqs[0] - seqs[-1] > 60


async def to_the_first_and_on(thread: ThreadPage) -> None:
    """Go to the first message with one key, and then forward."""
    await thread.messages.first.focus()
    await thread.page.keyboard.press("Home")
    await expect(thread.said("Message 1")).to_be_focused()
    await expect(thread.said("Message 1")).to_be_in_viewport()
    for _ in range(8):
        await thread.scroller.evaluate("node => (node.scrollTop += 2 * node.clientHeight)")
        await thread.page.wait_for_timeout(120)
        assert await nodes(thread) < MOST_NODES
    last = "node => [...node.querySelectorAll('.row-message')].at(-1).dataset.seq"
    assert 100 < int(await thread.scroller.evaluate(last)) < 1_000


async def to_the_far_message_of_a_reply(thread: ThreadPage) -> None:
    """Go to the latest message, and by its quote to the distant message that it answers."""
    await thread.latest.click()
    reply = thread.said("As you said then")
    await expect(reply).to_be_in_viewport()
    await expect(reply.locator(".quote")).to_contain_text("Message 5")
    await reply.locator(".quote").click()
    await expect(thread.said("Message 5")).to_be_focused()
    await expect(thread.said("Message 5")).to_be_in_viewport()
    assert await nodes(thread) < MOST_NODES


async def test_the_line_of_the_new_messages(cast: Cast, open_page: OpenPage) -> None:
    customer = await cast.newcomer()
    where = (await cast.conversation(customer))["id"]
    for number in range(1, 4):
        await customer.send(where, f"Old {number}")
    await cast.olivia.rest.patch(f"/chat/conversations/{where}/read")
    for number in range(1, 31):
        await customer.send(where, f"New {number}")
    thread = await open_thread(
        open_page, cast.olivia, where, before=looks_away, viewport={"width": 500, "height": 600}
    )
    line = thread.root.locator(".row-unread")
    await expect(line).to_be_in_viewport()
    await expect(thread.said("New 1")).to_be_in_viewport()
    after = await line.evaluate("node => node.nextElementSibling.textContent")
    assert "New 1" in after
    await expect(thread.latest).to_have_accessible_name("30 new messages: go to the latest")
    await thread.latest.click()
    await expect(thread.said("New 30")).to_be_in_viewport()
    unread = await cast.olivia.rest.get("/chat/unread-count")
    assert unread["conversations"][where] == 30  # nobody has viewed it
    await thread.page.evaluate("document.hasFocus = () => true; dispatchEvent(new Event('focus'))")
    await thread.write("Sorry for the wait")
    await expect(line).to_have_count(0)
