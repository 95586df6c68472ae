"""Who may read a page of the history, on running servers."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import pytest

from tests.conversations.rooms import Room
from tests.harness.cast import PASSWORD, Person


async def status_of(person: Person, path: str, **headers: str) -> int:
    return (await person.rest.http.get(path, headers=headers)).status_code


async def test_outsiders_and_bad_tokens_read_nothing(room: Room) -> None:
    path = f"{room.path}/messages"
    await room.say(room.customer, "hello")
    outsider = await room.cast.newcomer()
    assert await status_of(room.customer, path) == await status_of(room.olivia, path) == 200
    assert await status_of(outsider, path) == 404
    assert await status_of(room.customer, f"/chat/conversations/{UUID(int=1)}/messages") == 404
    assert await status_of(room.customer, path, Authorization="Bearer a.b.c") == 401


async def test_a_member_who_leaves_reads_no_more(room: Room) -> None:
    path, agent = f"{room.path}/messages", await room.cast.newcomer()
    change = "from conversations import membership\nmembership.{}(business_id={!r}, user_id={})"
    for operation, status in (("add_member", 200), ("remove_member", 404)):
        room.cast.stage.deployment.shell(change.format(operation, room.cast.business_id, agent.id))
        assert await status_of(agent, path) == status


SUSPEND: Final = """
from conversations.moderation import operations as moderation
moderation.suspend_user(actor=None, user_id={user}, reason="spam")
"""


@pytest.mark.parametrize("end", [SUSPEND, ""], ids=["suspended", "signed out"])
async def test_a_signed_out_user_reads_no_more(room: Room, end: str) -> None:
    await room.customer.rest.login(room.customer.name, PASSWORD)
    await room.say(room.customer, "hello")
    path = f"{room.path}/messages"
    assert await status_of(room.customer, path) == 200
    if end:
        room.cast.stage.deployment.shell(end.format(user=room.customer.id))
    else:
        await room.customer.rest.request("POST", "/auth/logout", {"refresh": room.customer.rest.refresh})
    assert await status_of(room.customer, path) == 401


@pytest.mark.parametrize(
    ("query", "seqs"),
    [
        ("", [1, 2, 3]),
        ("?before=3", [1, 2]),
        ("?after=1", [2, 3]),
        ("?after=1&before=3", [2]),
        ("?before=0", []),
    ],
)
async def test_a_page_contains_the_messages_within_its_bounds(
    room: Room, query: str, seqs: list[int]
) -> None:
    await room.say(room.customer, "one", "two", "three")
    answer = await room.customer.rest.http.get(f"{room.path}/messages{query}")
    assert [message["seq"] for message in answer.json()["results"]] == seqs
