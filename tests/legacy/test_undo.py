"""`--undo` removes exactly the imported rows, and keeps those that people have continued."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import connection

from chatsite.legacy_import.models import LegacyMade, LegacyRow
from chatsite.realtime import broadcast, groups
from chatsite.realtime.hub import Addressed
from conversations import history, operations, queries
from conversations.integrity import find_problems
from conversations.models import Business, ChatMessage, Conversation, MessageEdit
from conversations.requests import SendBody
from conversations.serializers import SyncedConversation
from notifications.models import Inbox, Notification
from tests.legacy.conftest import Run
from tests.legacy.generator import BEGIN, World, old_rows
from tests.legacy.oldtable import OldTable
from tests.legacy.state import check_state


def fill(old: OldTable, world: World) -> None:
    old.fill(old_rows(world, 800, nul=not old.is_postgresql))


def test_everything_goes_and_can_come_again(old: OldTable, world: World, run: Run) -> None:
    fill(old, world)
    run()
    count = ChatMessage.objects.count()
    run("--undo")
    for model in (ChatMessage, Conversation, Notification, LegacyRow, LegacyMade):
        assert not model._default_manager.exists(), model
    with pytest.raises(SystemExit):
        run("--verify")
    run()
    assert ChatMessage.objects.count() == count
    assert "The old table and the import agree." in run("--verify")


def test_existing_data_stays(old: OldTable, world: World, run: Run) -> None:
    business, (member, _) = world.businesses[0]
    talker, silent = world.customers[:2]
    head, _, _ = operations.open_conversation(user_id=talker, business_id=str(business))
    operations.send_message(sender_id=member, conversation_id=head.pk, body=SendBody(content="live"))
    empty, _, _ = operations.open_conversation(user_id=silent, business_id=str(business))
    before = Conversation.objects.get(pk=head.pk)
    both = {"businessId": str(business), "senderId": member, "createdAt": BEGIN, "content": "old"}
    old.add(id=1, customerId=talker, **both)
    old.add(id=2, customerId=silent, **both)
    run()
    run("--undo")
    after = Conversation.objects.get(pk=head.pk)
    assert [message.content for message in ChatMessage.objects.all()] == ["live"]
    assert (after.last_seq, after.last_message, after.customer_unread) == (1, "live", 1)
    assert after.last_message_at == before.last_message_at
    assert after.rev > before.rev + 1  # never lower: a client may know revs of the import
    assert Conversation.objects.get(pk=empty.pk).last_message_at is None
    operations.send_message(sender_id=talker, conversation_id=head.pk, body=SendBody(content="on"))
    check_state()


def test_a_conversation_with_later_messages_is_refused(old: OldTable, world: World, run: Run) -> None:
    fill(old, world)
    run()
    used = Conversation.objects.order_by("pk")[1]
    operations.send_message(
        sender_id=used.customer_id, conversation_id=used.pk, body=SendBody(content="later")
    )
    held = ChatMessage.objects.filter(conversation=used).count()
    for options in (["--undo", "--dry-run"], ["--undo"], ["--undo"]):
        with pytest.raises(SystemExit) as ended:
            run(*options)
        assert ended.value.code == 1
    assert list(Conversation.objects.values_list("pk", flat=True)) == [used.pk]
    assert ChatMessage.objects.count() == held
    assert LegacyRow.objects.count() == held - 1
    check_state()


def test_later_messages_between_two_imports_are_kept(old: OldTable, world: World, run: Run) -> None:
    business, (member, _) = world.businesses[0]
    customer = world.customers[0]
    both = {"businessId": str(business), "customerId": customer, "senderId": member, "createdAt": BEGIN}
    old.add(id=1, content="old", **both)
    run()
    head = Conversation.objects.get()
    operations.send_message(sender_id=customer, conversation_id=head.pk, body=SendBody(content="live"))
    old.add(id=2, content="old too", **both)
    run()
    with pytest.raises(SystemExit):
        run("--undo")
    assert ChatMessage.objects.count() == 3


def test_edits_and_receipts_of_imported_messages_go_with_them(old: OldTable, world: World, run: Run) -> None:
    fill(old, world)
    run()
    message = ChatMessage.objects.filter(deleted_at=None).exclude(sender=None).first()
    assert message is not None
    operations.edit_message(user_id=message.sender_id, message_id=message.pk, content="edited")
    head = Conversation.objects.get(pk=message.conversation_id)
    operations.mark_read(user_id=head.customer_id, conversation_id=head.pk)
    run("--undo")
    assert not MessageEdit.objects.exists()
    assert not ChatMessage.objects.exists()


def test_clients_that_saw_the_notifications_fetch_again(old: OldTable, world: World, run: Run) -> None:
    fill(old, world)
    run()
    seen = dict(Inbox.objects.values_list("pk", "rev"))
    run("--undo")
    for inbox in Inbox.objects.all():
        assert inbox.pruned_rev == inbox.rev
        assert inbox.rev > seen[inbox.pk]


def test_businesses_that_it_made_go_unless_they_are_used(old: OldTable, world: World, run: Run) -> None:
    customer, other = world.customers[:2]
    for number, name in enumerate(["A", "B"]):
        old.add(
            id=number, businessId=name, customerId=customer, senderId=customer, createdAt=BEGIN, content="hi"
        )
    run("--create-businesses")
    used = Business.objects.get(name="Business B")
    operations.open_conversation(user_id=other, business_id=str(used.pk))
    assert f"Kept because it is in use: business {used.pk}" in run("--undo")
    assert not Business.objects.filter(name="Business A").exists()
    assert Business.objects.filter(pk=used.pk).exists()


def test_clients_that_saw_the_messages_fetch_again(
    old: OldTable, world: World, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    business, (member, _) = world.businesses[0]
    customer = world.customers[0]
    head, _, _ = operations.open_conversation(user_id=customer, business_id=str(business))
    operations.send_message(sender_id=member, conversation_id=head.pk, body=SendBody(content="live"))
    both = {"businessId": str(business), "senderId": member, "createdAt": BEGIN, "customerId": customer}
    for number in range(3):
        old.add(id=number, content=f"old {number}", **both)
    run()
    seen = queries.latest_revisions([head.pk])[head.pk]
    sent: list[Addressed] = []
    monkeypatch.setattr(broadcast, "broadcast", sent.extend)
    run("--undo")

    after = queries.latest_revisions([head.pk])[head.pk]
    assert (after.last_seq, after.rev) == (1, seen.rev + 1)
    told = {group: event for group, event in sent if event.name == "conversation_updated"}
    assert set(told) == {groups.user(str(customer)), groups.business_members(business)}
    for known in (0, 1, seen.rev):
        part = synced(customer, head.pk, known)
        assert (part.resync, part.messages, part.conversation.rev) == (True, [], after.rev)
    assert not synced(customer, head.pk, after.rev).resync
    later = operations.send_message(
        sender_id=customer, conversation_id=head.pk, body=SendBody(content="on")
    ).message
    assert (later.seq, later.rev) == (2, after.rev + 1)
    part = synced(member, head.pk, after.rev)
    assert (part.resync, [message.content for message in part.messages]) == (False, ["on"])
    assert not list(find_problems())


def synced(user_id: int, conversation_id: UUID, known: int) -> SyncedConversation:
    return history.changes_since(user_id, {str(conversation_id): known}).conversations[str(conversation_id)]


def test_an_empty_conversation_that_stays_agrees_with_itself(old: OldTable, world: World, run: Run) -> None:
    business, (member, _) = world.businesses[0]
    customer = world.customers[0]
    head, _, _ = operations.open_conversation(user_id=customer, business_id=str(business))
    old.add(
        id=1, content="old", businessId=str(business), senderId=member, createdAt=BEGIN, customerId=customer
    )
    run()
    run("--undo")
    left = Conversation.objects.get(pk=head.pk)
    assert (left.last_seq, left.rev, left.rewritten_rev) == (0, 2, 2)
    assert not list(find_problems())


def test_a_message_goes_without_a_look_at_all_others(old: OldTable, world: World, run: Run) -> None:
    """For each deleted message the database searches for replies to it."""
    fill(old, world)
    run()
    messages = ChatMessage.objects.filter(reply_to__in=list(ChatMessage.objects.all()[:3])).order_by()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET enable_seqscan = off")  # there are too few rows for the planner to use it
            plan = messages.explain()
            cursor.execute("RESET enable_seqscan")
    else:
        plan = messages.explain()
    assert "message_replies" in plan
