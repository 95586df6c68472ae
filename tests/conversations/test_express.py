"""A page of history that Django's request cycle had no part in is the one that Django would have given."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from uuid import UUID

import httpx
import psycopg
import pytest

from tests.conversations.rooms import Room
from tests.harness.cast import PASSWORD, Person
from tests.operate.reading import Growth

# What says how Django got there, and not what it answers.
OF_THE_REQUEST: Final = {"x-request-id", "date", "server"}
DJANGOS_WAY: Final = {"Cookie": "anything=1"}


async def ask(person: Person, path: str, **headers: str) -> httpx.Response:
    return await person.rest.http.get(path, headers=headers)


def told(answer: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    headers = {name: value for name, value in answer.headers.items() if name not in OF_THE_REQUEST}
    return answer.status_code, answer.content, headers


async def same_both_ways(person: Person, path: str, **headers: str) -> httpx.Response:
    """Asked twice, so that the second answer may be an express one, and once by Django's way."""
    await ask(person, path, **headers)
    express = await ask(person, path, **headers)
    django = await ask(person, path, **headers, **DJANGOS_WAY)
    assert told(express) == told(django)
    return express


@pytest.fixture
async def talk(room: Room) -> Room:
    """12 messages that everybody has read, of which one is deleted and one edited."""
    for number in range(6):
        await room.say(room.customer, f"question {number}")
        await room.say(room.olivia, f"answer {number} <b>ü€😀</b>")
    await room.customer.rest.patch(f"{room.path}/read")
    await room.olivia.rest.patch(f"{room.path}/read")
    messages = await room.history(room.customer)
    own = [message["id"] for message in messages if message["senderSide"] == "customer"]
    await room.customer.rest.patch(f"/chat/messages/{own[0]}", {"content": "edited"})
    await room.customer.rest.delete(f"/chat/messages/{own[1]}")
    return room


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?limit=3",
        "?before=5",
        "?before=5&limit=2",
        "?limit=2&before=5",
        "?before=1",
        "?before=0",
        "?before=999999999999",
        "?after=3",
        "?after=3&before=9",
        "?limit=0",
        "?limit=201",
        "?limit=abc",
        "?before=-1",
        "?before=1_0",
        "?before=%C2%B2",
        "?before=5&before=3",
        "?before=",
        "?limit=&before=4",
        "?format=json",
        "?unknown=1",
        "?%00=1",
    ],
)
async def test_every_query_has_one_answer(talk: Room, query: str) -> None:
    for person in (talk.customer, talk.amir):
        for path in (f"{talk.path}/messages", f"{talk.path}/messages/"):
            await same_both_ways(person, path + query)


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept-Language": "de"},
        {"Accept-Language": "en;q=0.1, de;q=0.9"},
        {"Origin": "https://elsewhere.example"},
        {"Accept": "*/*"},
        {"Accept": "application/xml"},
        {"Host": "localhost:1"},
        {"X-Forwarded-Proto": "https"},
        {"Range": "bytes=0-1"},
        {"If-None-Match": "*"},
    ],
)
async def test_every_kind_of_request_has_its_headers(talk: Room, headers: dict[str, str]) -> None:
    await same_both_ways(talk.customer, f"{talk.path}/messages", **headers)


async def test_another_sites_name_is_refused(talk: Room) -> None:
    await same_both_ways(talk.customer, f"{talk.path}/messages")
    answer = await ask(talk.customer, f"{talk.path}/messages", Host="evil.example")
    assert answer.status_code == 400


async def test_the_second_page_is_express_where_postgresql_is(talk: Room) -> None:
    deployment, path = talk.cast.stage.deployment, f"{talk.path}/messages?limit=7"
    for _ in deployment.servers:
        await ask(talk.customer, path)
    growth = Growth(deployment)
    for _ in range(5):
        await ask(talk.customer, path)
    expected = 5 if deployment.flavour == "services" else 0
    await growth.becomes({"chat_express_reads_total": expected})


async def test_what_arrives_is_marked_delivered(talk: Room) -> None:
    await same_both_ways(talk.customer, f"{talk.path}/messages")
    await talk.say(talk.olivia, "one more")
    page = (await ask(talk.customer, f"{talk.path}/messages?limit=1")).json()
    assert [message["status"] for message in page["results"]] == ["delivered"]
    page = (await same_both_ways(talk.olivia, f"{talk.path}/messages?limit=1")).json()
    assert [message["status"] for message in page["results"]] == ["delivered"]


async def test_nobody_reads_more_than_by_djangos_way(talk: Room) -> None:
    path = f"{talk.path}/messages"
    outsider = await talk.cast.newcomer()
    await same_both_ways(talk.customer, path)
    assert (await same_both_ways(outsider, path)).status_code == 404
    assert (
        await same_both_ways(talk.customer, f"/chat/conversations/{UUID(int=1)}/messages")
    ).status_code == 404
    assert (await same_both_ways(talk.customer, path, Authorization="Bearer a.b.c")).status_code == 401
    assert (await same_both_ways(talk.customer, path, Authorization="")).status_code == 401


async def test_a_member_who_leaves_reads_no_more(talk: Room) -> None:
    path, agent = f"{talk.path}/messages", await talk.cast.newcomer()
    change = "from conversations import operations\noperations.{}(business_id={!r}, user_id={})"
    for operation, status in (("add_member", 200), ("remove_member", 404)):
        talk.cast.stage.deployment.shell(change.format(operation, talk.cast.business_id, agent.id))
        assert (await same_both_ways(agent, path)).status_code == status


DEACTIVATE: Final = """
from django.contrib.auth import get_user_model
get_user_model().objects.filter(pk={user}).update(is_active=False)
"""
SUSPEND: Final = """
from conversations.moderation import operations as moderation
moderation.suspend_user(actor=None, user_id={user}, reason="spam")
"""


@pytest.mark.parametrize("end", [DEACTIVATE, SUSPEND, ""], ids=["deactivated", "suspended", "signed out"])
async def test_who_is_signed_out_reads_no_more(room: Room, end: str) -> None:
    await room.customer.rest.login(room.customer.name, PASSWORD)
    await room.say(room.customer, "hello")
    path = f"{room.path}/messages"
    assert (await same_both_ways(room.customer, path)).status_code == 200
    if end:
        room.cast.stage.deployment.shell(end.format(user=room.customer.id))
    else:
        await room.customer.rest.request("POST", "/auth/logout", {"refresh": room.customer.rest.refresh})
    assert (await same_both_ways(room.customer, path)).status_code == 401


async def test_an_empty_conversation(room: Room) -> None:
    page = (await same_both_ways(room.customer, f"{room.path}/messages")).json()
    assert page == {"results": [], "next": None, "previous": None}


async def test_while_express_reads_are_stuck_the_rest_goes_on(services_room: Room) -> None:
    """Both connections that read on the event loop wait for a lock; Django's way, and sockets, do not."""
    room = services_room
    await room.say(room.customer, "hello")
    path = f"{room.path}/messages"
    await same_both_ways(room.customer, path)
    client = await room.join(room.customer)
    url: Any = room.cast.stage.deployment.environment["DATABASE_URL"]
    with psycopg.connect(url) as blocker:
        blocker.execute("LOCK TABLE conversations_membership IN ACCESS EXCLUSIVE MODE")
        # The statement names the table, so every express read waits, the customer's too.
        stuck = [asyncio.create_task(ask(room.customer, path)) for _ in range(4)]
        assert (await client.call("heartbeat", {})) is not None
        assert (await ask(room.customer, "/healthz")).status_code == 200
        blocker.rollback()
    assert [(await one).status_code for one in stuck] == [200] * 4
