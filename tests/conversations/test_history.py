"""GET /chat/conversations/:id/messages: pages of the history."""

from __future__ import annotations

import asyncio

import pytest

from tests.conversations.rooms import Room, seqs
from tests.harness.rest import ApiError


@pytest.fixture
async def long_talk(room: Room) -> Room:
    """A conversation with 130 messages."""
    client = await room.customer.live()
    await asyncio.gather(*(room.begin_send(client, f"m{number}") for number in range(1, 131)))
    return room


async def test_the_newest_page_first_and_next_leads_to_older_ones(long_talk: Room) -> None:
    rest = long_talk.customer.rest
    pages = [await rest.get(f"{long_talk.path}/messages")]
    while pages[-1]["next"]:
        pages.append(await rest.get(pages[-1]["next"]))
    assert [seqs(page["results"]) for page in pages] == [
        list(range(81, 131)),
        list(range(31, 81)),
        list(range(1, 31)),
    ]
    assert pages[0]["previous"] is None
    newer = await rest.get(pages[1]["previous"])
    assert seqs(newer["results"]) == list(range(81, 131))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"before": 11, "limit": 3}, [8, 9, 10]),
        ({"before": 3, "limit": 50}, [1, 2]),
        ({"before": 1}, []),
        ({"after": 128}, [129, 130]),
        ({"after": 10, "limit": 2}, [11, 12]),
        ({"after": 130}, []),
        ({"after": 0, "limit": 2}, [1, 2]),
        ({"after": 10, "before": 13}, [11, 12]),
        ({"limit": 200}, list(range(1, 131))),
        ({"before": 10**11, "limit": 1}, [130]),
    ],
)
async def test_before_after_and_limit(long_talk: Room, query: dict[str, int], expected: list[int]) -> None:
    page = await long_talk.customer.rest.get(f"{long_talk.path}/messages", **query)
    assert seqs(page["results"]) == expected


async def test_links_are_there_exactly_where_something_follows(long_talk: Room) -> None:
    async def links(**query: int) -> tuple[bool, bool]:
        page = await long_talk.customer.rest.get(f"{long_talk.path}/messages", **query)
        return bool(page["next"]), bool(page["previous"])

    assert await links(limit=130) == (False, False)
    assert await links(limit=129) == (True, False)
    assert await links(before=50, limit=49) == (False, True)
    assert await links(before=50, limit=48) == (True, True)
    assert await links(after=100, limit=30) == (True, False)
    assert await links(after=100, limit=29) == (True, True)
    assert await links(after=0, limit=2) == (False, True)


@pytest.mark.parametrize(
    "query", ["before=x", "after=-1", "limit=0", "limit=201", "before=1e3", "after=" + "9" * 50]
)
async def test_numbers_that_are_none(room: Room, query: str) -> None:
    with pytest.raises(ApiError) as refusal:
        await room.customer.rest.get(f"{room.path}/messages?{query}")
    assert (refusal.value.status, refusal.value.code) == (400, "invalid")


async def test_nothing_yet(room: Room) -> None:
    page = await room.customer.rest.get(f"{room.path}/messages")
    assert page == {"results": [], "next": None, "previous": None}


async def test_old_pages_stand_still_while_new_messages_come(long_talk: Room) -> None:
    rest = long_talk.customer.rest
    newest = await rest.get(f"{long_talk.path}/messages", limit=100)
    await long_talk.say(long_talk.olivia, "one more")
    assert seqs((await rest.get(newest["next"]))["results"]) == list(range(1, 31))


async def test_a_place_above_the_last_message(room: Room) -> None:
    await room.say(room.customer, "one", "two")
    page = await room.olivia.rest.get(f"{room.path}/messages", after=2)
    assert page == {"results": [], "next": None, "previous": None}
    page = await room.olivia.rest.get(f"{room.path}/messages", after=3)
    assert page == {"results": [], "next": None, "previous": None, "resync": True}
    page = await room.olivia.rest.get(f"{room.path}/messages", before=1_000)
    assert seqs(page["results"]) == [1, 2]
    assert (page["next"], page["previous"]) == (None, None)
