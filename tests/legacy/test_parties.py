"""The user and the business of a row, in every shape, and the reasons why they cannot be determined."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management.base import CommandError

from conversations.membership import add_member
from conversations.models import Business, ChatMessage, Conversation
from notifications.models import Notification
from tests.legacy.conftest import Run
from tests.legacy.generator import BEGIN, World
from tests.legacy.oldtable import OldTable

Reason = Callable[[], str]


@pytest.fixture
def reason(run: Run, rejects: Path) -> Callable[..., str]:
    """Import, and return why the only row was rejected."""

    def command(*options: str) -> str:
        run(*options)
        (line,) = rejects.read_text().splitlines()
        found: str = json.loads(line)["reason"]
        return found

    return command


def say(old: OldTable, **values: Any) -> None:
    old.add(**{"id": 1, "createdAt": BEGIN, "content": "hello", **values})


def test_a_member_of_two_businesses_is_ambiguous(
    old: OldTable, world: World, run: Run, reason: Callable[..., str]
) -> None:
    (first, (member, _)), (second, _) = world.businesses[:2]
    add_member(business_id=second, user_id=member)
    say(old, senderId=world.customers[0], receiverId=member)
    assert reason() == "ambiguous_business"
    run("--default-business", "shop-1")
    assert Conversation.objects.get().business_id == second
    assert first != second


def test_of_two_members_of_different_businesses_the_named_business_decides(
    old: OldTable, world: World, run: Run
) -> None:
    (first, (sender, _)), (second, (receiver, _)) = world.businesses[:2]
    say(old, senderId=sender, receiverId=receiver, businessId=str(second))
    run()
    conversation = Conversation.objects.get()
    assert (conversation.business_id, conversation.customer_id) == (second, sender)
    assert ChatMessage.objects.get().sender_side == "customer"
    assert first != second


def test_a_customer_who_is_a_member_is_refused(
    old: OldTable, world: World, reason: Callable[..., str]
) -> None:
    business, (member, other) = world.businesses[0]
    say(old, senderId=other, businessId=str(business), customerId=member)
    assert reason() == "customer_is_member"


def test_a_former_member_speaks_for_the_business_if_that_is_wanted(
    old: OldTable, world: World, run: Run, reason: Callable[..., str]
) -> None:
    business, _ = world.businesses[0]
    customer, stranger = world.customers[:2]
    say(old, senderId=stranger, businessId=str(business), customerId=customer)
    assert reason() == "foreign_sender"
    run("--former-members")
    message = ChatMessage.objects.get()
    assert (message.sender_id, message.sender_side) == (stranger, "business")


def test_an_unknown_business_is_refused_or_made(
    old: OldTable, world: World, run: Run, reason: Callable[..., str]
) -> None:
    customer = world.customers[0]
    say(old, senderId=customer, businessId="Old Shop!", customerId=customer)
    assert reason() == "unknown_business"
    run("--create-businesses", "--dry-run")
    assert Business.objects.count() == len(world.businesses)
    run("--create-businesses")
    business = Conversation.objects.get().business
    assert business.name == "Business Old Shop!"
    say(old, id=2, senderId=customer, businessId="Old Shop!", customerId=customer)
    say(old, id=3, senderId=customer, businessId="old-shop", customerId=customer)
    run("--create-businesses")
    assert business.conversations.get().last_seq == 2
    assert Conversation.objects.count() == 2


def test_a_system_message_has_no_sender(old: OldTable, world: World, run: Run) -> None:
    business, _ = world.businesses[0]
    say(old, type="system", businessId=str(business), customerId=world.customers[0], status="read")
    run("--chat-types", "chat,system")
    message = ChatMessage.objects.get()
    assert (message.sender_id, message.sender_side, message.message_type) == (None, "system", "system")
    assert message.status == "sent"
    head = Conversation.objects.get()
    assert (head.customer_unread, head.business_unread) == (0, 0)


def test_users_by_username_and_by_address(old: OldTable, world: World, run: Run, tmp_path: Path) -> None:
    business, _ = world.businesses[0]
    table = OldTable(old.connection, "by_name", senderId="text", customerId="text")
    try:
        say(table, senderId="legacy-0", customerId="legacy-0", businessId="shop-0")
        run("--table", "by_name", "--users", "username")
        table.execute(
            'UPDATE by_name SET id = 2, "senderId" = %s, "customerId" = %s', ["LEGACY-0@example.org"] * 2
        )
        run("--table", "by_name", "--users", "email")
    finally:
        table.drop()
    conversation = Conversation.objects.get()
    assert (conversation.business_id, conversation.customer_id) == (business, world.customers[0])
    assert conversation.last_seq == 2


def test_an_address_of_two_users_is_ambiguous(
    old: OldTable, world: World, reason: Callable[..., str]
) -> None:
    get_user_model().objects.filter(username="legacy-1").update(email="Legacy-0@example.org")
    table = OldTable(old.connection, "by_name", senderId="text", customerId="text")
    try:
        say(table, senderId="legacy-0@example.org", customerId="legacy-0@example.org", businessId="shop-0")
        assert reason("--table", "by_name", "--users", "email") == "ambiguous_customer"
    finally:
        table.drop()


def test_maps_of_users_and_businesses(old: OldTable, world: World, run: Run, tmp_path: Path) -> None:
    customer, other = world.customers[:2]
    users, businesses = tmp_path / "users.csv", tmp_path / "businesses.csv"
    users.write_text(f"old,new\n{customer + 5000},{customer}\n")
    businesses.write_text("17,shop-2\n")
    say(old, senderId=customer + 5000, customerId=customer + 5000, businessId="17")
    say(
        old, id=2, senderId=other, customerId=other, businessId="17"
    )  # it is not in the map, so it matches no user
    said = run("--user-map", str(users), "--business-map", str(businesses))
    assert "unknown_customer: 1" in said
    conversation = Conversation.objects.get()
    assert (conversation.business.slug, conversation.customer_id) == ("shop-2", customer)


def test_a_deleted_message_stays_deleted(old: OldTable, world: World, run: Run) -> None:
    business, _ = world.businesses[0]
    customer = world.customers[0]
    say(old, senderId=customer, customerId=customer, businessId=str(business), readAt=BEGIN)
    run("--map", "deleted=readAt,read_at=-")
    message = ChatMessage.objects.get()
    assert message.deleted_at == BEGIN
    head = Conversation.objects.get()
    assert (head.last_message, head.business_unread) == ("", 0)


def test_a_notification_goes_to_the_receiver_or_the_customer(
    old: OldTable, world: World, run: Run, reason: Callable[..., str]
) -> None:
    _, (member, _) = world.businesses[0]
    first, second = world.customers[:2]
    say(old, type="offer", senderId=member, receiverId=first, customerId=second)
    say(old, id=2, type="offer", senderId=member, customerId=second, content="A frame\nfor you")
    say(old, id=3, type="offer", senderId=second, customerId=second)
    assert reason() == "no_receiver"
    assert set(Notification.objects.values_list("recipient_id", "title")) == {
        (first, "hello"),
        (second, "A frame"),
    }


def test_types_can_be_mapped_to_declared_ones_only(old: OldTable, world: World, run: Run) -> None:
    say(old, type="Bid", receiverId=world.customers[0])
    with pytest.raises(CommandError, match="unknown type 'bids'"):
        run("--type-map", "bid=bids")
    run("--type-map", "bid=offer")
    assert Notification.objects.get().type == "offer"


@pytest.mark.parametrize(
    ("payload", "url"),
    [
        ('{"actionUrl": "/team"}', "/team"),
        ('{"url": "https://example.org/x"}', "https://example.org/x"),
        ('{"url": "http://example.org/x"}', ""),
        ('{"actionUrl": "javascript:alert(1)"}', ""),
        ('{"actionUrl": "//evil.example"}', ""),
        ('{"actionUrl": "/\\\\\\\\evil.example"}', ""),
        ("[1, 2]", ""),
    ],
)
def test_a_link_leads_to_this_site_or_https(
    old: OldTable, world: World, run: Run, payload: str, url: str
) -> None:
    say(old, type="offer", receiverId=world.customers[0], payload=payload)
    run()
    assert Notification.objects.get().action_url == url
