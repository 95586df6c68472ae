"""The bytes of every answer and page are limited, and clients can fetch what did not fit."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from chatsite.config.limits import limits
from conversations.models import Business, ChatMessage, Conversation, Membership, MessageEdit
from conversations.sync import SyncCommand, synchronise
from conversations.unread_counts import count_unread
from notifications.models import Inbox, Notification
from tests.conversations.people import business, client_of, conversation, person, say
from tests.conversations.rooms import Room

LONG = "é" * 7_990
MOST = limits().answer_bytes
SLACK = 400 * 1024  # for the parts that every answer has


def fill(head: Conversation, count: int, content: str) -> None:
    """Store messages of the customer directly, without the operation."""
    now = timezone.now()
    rows = [
        ChatMessage(
            conversation=head,
            seq=seq,
            rev=seq,
            sender_id=head.customer_id,
            sender_side="customer",
            content=content,
            created_at=now,
        )
        for seq in range(1, count + 1)
    ]
    ChatMessage.objects.bulk_create(rows, batch_size=100)
    Conversation.objects.filter(pk=head.pk).update(
        last_seq=count, rev=count, business_unread=count, last_message_at=now, last_message=content[:200]
    )


def size_of(answer: Any) -> int:
    return len(msgspec.json.encode(answer, enc_hook=str))


def pages(api: APIClient, path: str, link: str = "next", **query: Any) -> list[dict[str, Any]]:
    """Return every page from here on, each within the limit."""
    found = []
    response = api.get(path, query)
    while True:
        assert response.status_code == 200, response.content
        assert len(response.content) <= limits().answer_bytes + 1024
        found.append(response.json())
        if not found[-1][link]:
            return found
        response = api.get(found[-1][link])


def rows_of(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for part in found for row in part["results"]]


async def test_a_large_sync_neither_closes_the_socket_nor_loses_anything(room: Room) -> None:
    customer = await room.customer.live()
    for start in range(0, 120, 40):
        await asyncio.gather(*(room.begin_send(customer, LONG) for _ in range(start, start + 40)))
    olivia = await room.olivia.live()
    part = (await olivia.call("sync", {"conversations": {room.id: 0}}))["conversations"][room.id]
    assert (part["messages"], part["resync"]) == ([], True)
    assert (await olivia.call("sync", {"conversations": {room.id: 0}}))["conversations"][room.id]["resync"]
    assert [row["seq"] for row in await room.history(room.olivia)] == list(range(1, 121))
    part = (await olivia.call("sync", {"conversations": {room.id: part["conversation"]["rev"] - 1}}))[
        "conversations"
    ][room.id]
    assert part["resync"] is False or not part["messages"]


@pytest.mark.django_db
def test_a_sync_of_many_conversations_answers_those_that_fit() -> None:
    owner = person()
    shop = business(owner)
    heads = [conversation(shop) for _ in range(60)]
    for head in heads:
        fill(head, 20, "x" * 1_000)
    answer = synchronise(owner.pk, SyncCommand(conversations={str(head.pk): 0 for head in heads}))
    parts = answer["conversations"].values()
    assert size_of(answer) <= MOST + SLACK
    assert {part.resync for part in parts} == {True, False}
    assert all(part.resync or len(part.messages) == 20 for part in parts)


@pytest.mark.django_db
def test_history_pages_are_cut_and_lead_to_every_message() -> None:
    owner = person()
    head = conversation(business(owner))
    fill(head, 230, "😀" * 8_000)
    api = client_of(owner)
    older = pages(api, f"/chat/conversations/{head.pk}/messages", limit=200)
    assert len(older) > 2
    assert sorted(row["seq"] for row in rows_of(older)) == list(range(1, 231))
    newer = pages(api, f"/chat/conversations/{head.pk}/messages", link="previous", limit=200, after=0)
    assert [row["seq"] for row in rows_of(newer)] == list(range(1, 231))


@pytest.mark.django_db
def test_edits_come_in_pages_both_ways() -> None:
    owner = person()
    head = conversation(business(owner))
    say(head, owner, ["now"])
    message = ChatMessage.objects.get(conversation=head)
    MessageEdit.objects.bulk_create(
        MessageEdit(message=message, content=f"{number:03}" + "😀" * 7_900) for number in range(120)
    )
    api = client_of(owner)
    found = pages(api, f"/chat/messages/{message.pk}/edits", limit=100)
    assert [int(row["content"][:3]) for row in rows_of(found)] == list(range(120))
    backwards = [found[-1]]
    while backwards[-1]["previous"]:
        response = api.get(backwards[-1]["previous"])
        assert len(response.content) <= limits().answer_bytes + 1024
        backwards.append(response.json())
    seen = [int(row["content"][:3]) for part in reversed(backwards) for row in part["results"]]
    assert seen == list(range(120))


@pytest.mark.django_db
def test_conversation_lists_are_cut_both_ways(settings: Any) -> None:
    settings.CHAT = replace(settings.CHAT, answer_bytes=200_000)
    owner = person()
    shop = business(owner)
    Business.objects.filter(pk=shop.pk).update(name="\x01" * 200)
    people = User.objects.bulk_create(
        User(username=f"\x02{number:03}" + "\x02" * 140, first_name="\x02" * 150, last_name="\x02" * 150)
        for number in range(220)
    )
    Conversation.objects.bulk_create(
        Conversation(
            business=shop,
            customer=user,
            last_seq=1,
            rev=1,
            last_message="\x03" * 200,
            last_message_at=timezone.now(),
        )
        for user in people
    )
    api = client_of(owner)
    found = pages(api, "/chat/conversations", limit=200)
    ids = [row["id"] for row in rows_of(found)]
    assert len(found) > 2
    assert len(ids) == len(set(ids)) == 220
    back = pages(api, found[-1]["previous"], link="previous")
    assert [row["id"] for part in reversed(back) for row in part["results"]] == ids[
        : -len(found[-1]["results"])
    ]


@pytest.mark.django_db
def test_a_sync_of_many_notifications_is_bounded() -> None:
    user = person()
    Inbox.objects.create(user=user, rev=150)
    Notification.objects.bulk_create(
        Notification(
            recipient=user, type="system", title="t", body="\x01" * 4_000, rev=rev, created_rev=rev, data={}
        )
        for rev in range(1, 151)
    )
    answer = synchronise(user.pk, SyncCommand(notifications_after="0"))
    assert answer["notificationsResync"] is True
    assert size_of(answer) <= MOST
    assert len(rows_of(pages(client_of(user), "/notifications", limit=200))) == 150


@pytest.mark.django_db
def test_a_large_team_comes_in_pages() -> None:
    customer = person()
    shop = business()
    team = User.objects.bulk_create(User(username=f"member-{number:03}") for number in range(230))
    Membership.objects.bulk_create(Membership(business=shop, user=user) for user in team)
    head = conversation(shop, customer)
    found = pages(client_of(customer), f"/chat/conversations/{head.pk}/people")
    names = [row["name"] for row in rows_of(found)]
    assert len(found) == 2
    assert names == [customer.username, *(user.username for user in team)]


@pytest.mark.django_db
def test_unread_counts_list_the_newest_and_count_all(settings: Any) -> None:
    settings.CHAT = replace(settings.CHAT, unread_conversations=3)
    owner = person()
    shop = business(owner)
    heads = [conversation(shop) for _ in range(5)]
    for head in heads:
        say(head, head.customer, ["one", "two"])
    answer = count_unread(owner.pk)
    assert (answer.total, answer.more) == (10, True)
    assert set(answer.conversations) == {head.pk for head in heads[2:]}


@pytest.mark.django_db
def test_a_page_around_a_message_and_what_follows_it_are_cut() -> None:
    owner = person()
    head = conversation(business(owner))
    fill(head, 120, "😀" * 8_000)
    api = client_of(owner)
    path = f"/chat/conversations/{head.pk}/messages"
    [*older] = pages(api, path, around=60, limit=100)
    newer = pages(api, older[0]["previous"], link="previous") if older[0]["previous"] else []
    seqs = {row["seq"] for row in rows_of(older[:1])}
    assert 60 in seqs
    assert len(seqs) < 100
    assert {row["seq"] for row in rows_of([*older, *newer])} == set(range(1, 121))


@pytest.mark.django_db
def test_found_messages_are_cut_and_lead_to_every_one() -> None:
    owner = person()
    shop = business(owner)
    heads = [conversation(shop) for _ in range(8)]
    for head in heads:
        say(head, head.customer, ["needle " + "😀" * 7_900] * 5)
    found = pages(client_of(owner), "/chat/search", q="needle", limit=50)
    ids = [row["message"]["id"] for row in rows_of(found)]
    assert len(found) > 1
    assert len(ids) == len(set(ids)) == 40
