"""POST /chat/conversations: a business and a customer have one conversation."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from tests.conversations.rooms import Room
from tests.harness.cast import Cast, Person
from tests.harness.rest import ApiError, Json, RestClient


@pytest.fixture
async def newcomer(cast: Cast) -> Person:
    return await cast.newcomer()


async def ask(person: Person, **body: str) -> tuple[int, Json]:
    return await open_one(person.rest, **body)


async def open_one(rest: RestClient, **body: str) -> tuple[int, Json]:
    response = await rest.request("POST", "/chat/conversations", dict(body))
    return response.status_code, response.json()


async def refused(person: Person, **body: str) -> tuple[int | None, str]:
    with pytest.raises(ApiError) as refusal:
        await ask(person, **body)
    return refusal.value.status, refusal.value.code


async def test_made_once_and_returned_from_then_on(cast: Cast, newcomer: Person) -> None:
    status, made = await ask(newcomer, businessId=cast.business_id)
    assert status == 201
    assert await ask(newcomer, businessId=cast.business_id) == (200, made)
    assert await ask(newcomer, businessId=cast.business_id, customerId=newcomer.id) == (200, made)
    assert await ask(cast.olivia, businessId=cast.business_id, customerId=newcomer.id) == (200, made)


async def test_a_member_names_the_customer(cast: Cast, newcomer: Person) -> None:
    assert await refused(cast.olivia, businessId=cast.business_id) == (400, "invalid")
    _, made = await ask(newcomer, businessId=cast.business_id)
    assert await ask(cast.amir, businessId=cast.business_id, customerId=newcomer.id) == (200, made)


async def test_a_stranger_looks_like_nobody_to_a_member(cast: Cast, newcomer: Person) -> None:
    async def answer(customer: str) -> Json:
        with pytest.raises(ApiError) as refusal:
            await ask(cast.olivia, businessId=cast.business_id, customerId=customer)
        return {"status": refusal.value.status, "code": refusal.value.code, "message": str(refusal.value)}

    assert await answer(newcomer.id) == await answer("999999999")
    assert (await newcomer.rest.get("/chat/conversations"))["results"] == []


async def test_many_at_once_make_one(cast: Cast, newcomer: Person) -> None:
    everywhere = [newcomer.rest_on(number) for number in range(3)] * 3
    answers = await asyncio.gather(*(open_one(rest, businessId=cast.business_id) for rest in everywhere))
    assert len({conversation["id"] for _, conversation in answers}) == 1
    assert sorted(status for status, _ in answers) == [200] * 8 + [201]


async def test_everybody_concerned_hears_of_it(cast: Cast, newcomer: Person) -> None:
    customer, olivia = await newcomer.live(), await cast.olivia.live()
    _, made = await ask(newcomer, businessId=cast.business_id)
    for client in (customer, olivia):
        event = await client.expect("conversation_updated", lambda data: data["conversationId"] == made["id"])
        assert event["conversation"] == made


async def test_missing_objects(cast: Cast, newcomer: Person) -> None:
    for business in (str(uuid4()), "no id", "", "\x00"):
        assert await refused(newcomer, businessId=business) == (404, "not_found")
    for customer in ("999999999", "no id", "", "-1", "9" * 40, "9" * 70, str(uuid4())):
        assert await refused(cast.olivia, businessId=cast.business_id, customerId=customer) == (
            404,
            "not_found",
        )


async def test_nobody_opens_one_for_somebody_else(cast: Cast, newcomer: Person) -> None:
    for person in (newcomer, cast.outsider):
        answer = await refused(person, businessId=cast.business_id, customerId=cast.carol.id)
        assert answer == (404, "not_found")


async def test_a_member_is_no_customer_of_the_own_business(cast: Cast) -> None:
    for customer in (cast.amir.id, cast.olivia.id):
        assert await refused(cast.olivia, businessId=cast.business_id, customerId=customer) == (
            400,
            "invalid",
        )


async def test_the_directory_of_businesses(room: Room) -> None:
    page = await room.customer.rest.get("/chat/businesses", search="northwind")
    assert [row["id"] for row in page["results"]] == [room.cast.business_id]
    assert (await room.customer.rest.get("/chat/businesses", search="no such \x00 shop"))["results"] == []
