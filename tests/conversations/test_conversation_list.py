"""GET /chat/conversations."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from tests.conversations.rooms import Room
from tests.harness.backend import Deployment
from tests.harness.cast import Cast
from tests.harness.rest import ApiError, Json, RestClient

OPEN_BUSINESSES = """
from conversations.models import Business
from uuid import uuid4
for _ in range({count}):
    name = f"Shop {{uuid4().hex[:8]}}"
    print("business", Business.objects.create(name=name, slug=name.lower().replace(" ", "-")).pk)
"""


@pytest.fixture(scope="module")
def shops(deployment: Deployment) -> list[str]:
    printed = deployment.shell(OPEN_BUSINESSES.format(count=7))
    return [line.split()[1] for line in printed.splitlines() if line.startswith("business ")]


@pytest.fixture
async def row_of_shops(cast: Cast, shops: list[str]) -> tuple[RestClient, list[str]]:
    """A customer of seven businesses, and the conversations in the order in which they were opened."""
    customer = await cast.newcomer()
    opened = [await customer.rest.post("/chat/conversations", {"businessId": shop}) for shop in shops]
    return customer.rest, [conversation["id"] for conversation in opened]


def ids(page: Json) -> list[str]:
    return [conversation["id"] for conversation in page["results"]]


async def test_newest_activity_first(row_of_shops: tuple[RestClient, list[str]]) -> None:
    rest, opened = row_of_shops
    assert ids(await rest.get("/chat/conversations")) == opened[::-1]
    await rest.post(f"/chat/conversations/{opened[2]}/messages", {"content": "up"})
    page = await rest.get("/chat/conversations")
    assert ids(page) == [opened[2], *(key for key in opened[::-1] if key != opened[2])]
    assert (page["next"], page["previous"]) == (None, None)
    assert page["results"][0] == await rest.get(f"/chat/conversations/{opened[2]}")


async def test_pages_forth_and_back(row_of_shops: tuple[RestClient, list[str]]) -> None:
    rest, opened = row_of_shops
    forth = [await rest.get("/chat/conversations", limit=3)]
    while forth[-1]["next"]:
        forth.append(await rest.get(forth[-1]["next"]))
    assert [key for page in forth for key in ids(page)] == opened[::-1]
    assert [len(page["results"]) for page in forth] == [3, 3, 1]
    back = [forth[-1]]
    while back[-1]["previous"]:
        back.append(await rest.get(back[-1]["previous"]))
    assert [ids(page) for page in back] == [ids(page) for page in forth[::-1]]


async def test_activity_between_two_pages_repeats_and_skips_nobody_else(
    row_of_shops: tuple[RestClient, list[str]],
) -> None:
    rest, opened = row_of_shops
    first = await rest.get("/chat/conversations", limit=3)
    late, seen = opened[0], opened[5]  # one that is on the last page, and one of the first
    for moved in (late, seen):
        await rest.post(f"/chat/conversations/{moved}/messages", {"content": "up"})
    second = await rest.get(first["next"])
    assert ids(second) == [opened[3], opened[2], opened[1]]
    assert second["next"] is None
    back = await rest.get(second["previous"])
    while back["previous"]:
        page = await rest.get(back["previous"])
        back["results"], back["previous"] = page["results"] + back["results"], page["previous"]
    assert ids(back) == [seen, late, opened[6], opened[4]]


async def test_paging_while_messages_pour_in(row_of_shops: tuple[RestClient, list[str]]) -> None:
    """Only two conversations are active. Each of the others is on one page, in order."""
    rest, opened = row_of_shops
    busy, quiet = opened[:2], opened[:1:-1]

    async def chatter() -> None:
        for number in range(40):
            await rest.post(f"/chat/conversations/{busy[number % 2]}/messages", {"content": "more"})

    talking = asyncio.create_task(chatter())
    for _ in range(5):
        rows = await rest.pages("/chat/conversations", limit=2)
        assert [row["id"] for row in rows if row["id"] in quiet] == quiet
    await talking


async def test_filters(row_of_shops: tuple[RestClient, list[str]]) -> None:
    rest, opened = row_of_shops
    await rest.patch(f"/chat/conversations/{opened[3]}", {"archived": True})
    assert ids(await rest.get("/chat/conversations", archived=True)) == [opened[3]]
    assert opened[3] not in ids(await rest.get("/chat/conversations", archived=False))
    assert len(ids(await rest.get("/chat/conversations", archived=False, limit=4))) == 4
    assert opened[3] in ids(await rest.get("/chat/conversations"))
    one = await rest.get(f"/chat/conversations/{opened[1]}")
    assert ids(await rest.get("/chat/conversations", businessId=one["businessId"])) == [opened[1]]
    assert ids(await rest.get("/chat/conversations", businessId=str(uuid4()))) == []


async def test_a_member_sees_those_of_the_business(room: Room) -> None:
    await room.say(room.customer, "hello")
    for member in (room.olivia, room.amir):
        page = await member.rest.get("/chat/conversations", businessId=room.cast.business_id, limit=1)
        assert ids(page) == [room.id]
        assert page["results"][0]["unreadCount"] == 1
    assert ids(await room.cast.outsider.rest.get("/chat/conversations")) == []
    page = await room.cast.outsider.rest.get("/chat/conversations", businessId=room.cast.business_id)
    assert ids(page) == []


async def test_a_page_keeps_its_filter(row_of_shops: tuple[RestClient, list[str]]) -> None:
    rest, opened = row_of_shops
    for key in opened[:4]:
        await rest.patch(f"/chat/conversations/{key}", {"archived": True})
    rows = await rest.pages("/chat/conversations", archived=True, limit=1)
    assert [row["id"] for row in rows] == opened[3::-1]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=x", "limit=-1", "archived=maybe", "cursor=%00", "cursor=abc", "cursor=é"],
)
async def test_a_query_that_makes_no_sense(cast: Cast, query: str) -> None:
    with pytest.raises(ApiError) as refusal:
        await cast.carol.rest.get(f"/chat/conversations?{query}")
    assert (refusal.value.status, refusal.value.code) == (400, "invalid")
    assert refusal.value.details["field"] == query.split("=", maxsplit=1)[0]


async def test_a_conversation_as_each_side_sees_it(room: Room) -> None:
    mine, hers = await room.seen_by(room.customer), await room.seen_by(room.olivia)
    assert mine == hers
    assert mine["business"] == {
        "id": room.cast.business_id,
        "name": "Northwind Cycles",
        "slug": "northwind-cycles",
    }
    assert mine["customer"]["username"] == room.customer.name
    assert (mine["customerId"], mine["businessId"]) == (room.customer.id, room.cast.business_id)
    assert (mine["lastMessage"], mine["lastMessageAt"], mine["lastSeq"], mine["rev"]) == ("", None, 0, 0)
    assert mine["createdAt"].endswith("Z")


async def test_a_preview_is_short_and_on_one_line(room: Room) -> None:
    (message,) = await room.say(room.customer, "two\n lines " + "x" * 500)
    seen = await room.seen_by(room.customer)
    assert seen["lastMessage"] == ("two lines " + "x" * 500)[:200]
    assert seen["lastMessageAt"] == message["createdAt"]
