"""The import appends while people use the site."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from conversations import history, operations, queries
from conversations.conversation_list import conversation_page
from conversations.models import ChatMessage, Conversation
from conversations.requests import SendBody
from tests.legacy.conftest import Run
from tests.legacy.generator import BEGIN, World, old_rows
from tests.legacy.oldtable import OldTable
from tests.legacy.state import check_state


def test_imported_rows_are_appended_to_a_conversation_in_use(old: OldTable, world: World, run: Run) -> None:
    business, (member, _) = world.businesses[0]
    customer = world.customers[0]
    head, _, _ = operations.open_conversation(user_id=customer, business_id=str(business))
    operations.send_message(sender_id=customer, conversation_id=head.pk, body=SendBody(content="live"))
    operations.mark_read(user_id=member, conversation_id=head.pk)
    known = queries.latest_revisions([head.pk])[head.pk]
    active_at = Conversation.objects.get(pk=head.pk).active_at
    both = {"businessId": str(business), "customerId": customer, "status": "sent"}
    old.add(id=1, senderId=customer, createdAt=BEGIN, content="first", **both)
    old.add(id=2, senderId=member, createdAt=BEGIN, content="second", **both)
    run()
    messages = list(ChatMessage.objects.filter(conversation=head).order_by("seq"))
    assert [message.content for message in messages] == ["live", "first", "second"]
    assert [message.created_at for message in messages[1:]] == [BEGIN, BEGIN]
    check_state()
    after = Conversation.objects.get(pk=head.pk)
    assert (after.rev, after.last_seq) == (known.rev + 2, known.last_seq + 2)
    assert after.active_at == active_at  # an old message is no new activity
    missed = history.changes_since(customer, {str(head.pk): known.rev}).conversations[str(head.pk)]
    assert [message.content for message in missed.messages] == ["first", "second"]
    sent = operations.send_message(sender_id=member, conversation_id=head.pk, body=SendBody(content="and on"))
    assert (sent.message.seq, sent.message.rev) == (after.last_seq + 1, after.rev + 1)
    operations.mark_read(user_id=customer, conversation_id=head.pk)
    check_state()


def test_people_can_write_between_runs(old: OldTable, world: World, run: Run) -> None:
    old.fill(old_rows(world, 500, nul=False))
    run()
    for head in Conversation.objects.all()[:5]:
        operations.send_message(
            sender_id=head.customer_id, conversation_id=head.pk, body=SendBody(content="live")
        )
    for row in old_rows(world, 500, nul=False, seed=8):
        row.values["id"] += 10_000
        row.values["createdAt"] = row.values["createdAt"] or BEGIN
        old.fill([row])
    run()
    check_state()


def test_a_list_stays_in_the_order_of_activity(old: OldTable, world: World, run: Run) -> None:
    business, (member, _) = world.businesses[0]
    yesterday = timezone.now() - timedelta(days=1)
    for number, customer in enumerate(world.customers[:3]):
        at = yesterday - timedelta(days=number)
        old.add(id=number, senderId=member, receiverId=customer, createdAt=at, content="hello")
    run()
    page = conversation_page(member, limit=10)
    assert [int(found.customer_id) for found in page.conversations] == world.customers[:3]
    assert all(found.business_id == business for found in page.conversations)
