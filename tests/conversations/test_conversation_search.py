"""Filters of the list: unread on the reader's side, and a search in names and previews."""

from __future__ import annotations

from secrets import token_hex

from tests.harness.cast import Cast, Person
from tests.harness.rest import Json


async def found(person: Person, **query: str) -> list[str]:
    page: Json = await person.rest.get("/chat/conversations", **query)
    return [conversation["id"] for conversation in page["results"]]


async def test_unread_is_that_of_my_side(cast: Cast) -> None:
    customer = await cast.newcomer()
    key = (await cast.conversation(customer))["id"]
    await customer.send(key, "hello")
    assert key in await found(cast.olivia, unread="true")
    assert key not in await found(cast.olivia, unread="false")
    assert await found(customer, unread="true") == []
    await cast.olivia.rest.patch(f"/chat/conversations/{key}/read")
    assert key not in await found(cast.olivia, unread="true")


async def test_every_word_must_be_in_a_name_or_in_the_preview(cast: Cast) -> None:
    customer, word = await cast.newcomer(), token_hex(4)
    key = (await cast.conversation(customer))["id"]
    await customer.send(key, f"A {word} and 100%_sure")
    assert await found(cast.olivia, search=word.upper()) == [key]
    assert await found(cast.olivia, search=f"{customer.name} {word}") == [key]
    assert await found(cast.olivia, search=f"{word} absent") == []
    assert await found(cast.olivia, search=f"{word} 100%_") == [key]
    assert await found(cast.olivia, search=f"{word} 100_%") == [], "wildcards are letters like any other"
    assert await found(customer, search="northwind") == [key]
    assert await found(customer, search=customer.name) == [], "one's own name is in every row"
    assert key in await found(cast.olivia, search="\x00 ")


async def test_a_search_has_pages_too(cast: Cast) -> None:
    word, keys = token_hex(4), []
    for _ in range(3):
        customer = await cast.newcomer()
        keys.append((await cast.conversation(customer))["id"])
        await customer.send(keys[-1], word)
    first = await cast.olivia.rest.get("/chat/conversations", search=word, limit=2)
    rest = await cast.olivia.rest.get(first["next"])
    assert [row["id"] for row in first["results"] + rest["results"]] == keys[::-1]


async def test_strangers_find_nothing(cast: Cast) -> None:
    customer, word = await cast.newcomer(), token_hex(4)
    await customer.send((await cast.conversation(customer))["id"], word)
    assert await found(cast.outsider, search=word) == []
    assert await found(cast.erin, search=word) == []
