"""The commands that find inconsistent data, and repair what they can."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from conversations import integrity, operations
from conversations.models import ChatMessage, Conversation
from tests.moderation.conftest import Shop, Wire


def run(*arguments: str) -> str:
    output = StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


@pytest.fixture
def busy(shop: Shop) -> Shop:
    """A conversation with everything that can happen to one."""
    for _ in range(3):
        shop.say(shop.carol)
    operations.mark_read(user_id=shop.olivia.pk, conversation_id=shop.conversation.pk)
    message = shop.say(shop.olivia)
    shop.say(shop.carol)
    operations.edit_message(user_id=shop.olivia.pk, message_id=message.pk, content="other")
    operations.send_system_message(conversation_id=shop.conversation.pk, content="The system speaks.")
    operations.delete_message(user_id=shop.carol.pk, message_id=shop.say(shop.carol).pk)
    return shop


def test_operations_leave_consistent_data(busy: Shop) -> None:
    assert run("check_integrity") == "No problems found.\n"
    assert run("recount_unread") == "0 counts were corrected.\n"


@pytest.mark.parametrize(
    ("head", "message", "words"),
    [
        ({"business_unread": 5}, {}, "The unread count of the business is 5, but 1 messages are unread"),
        ({"customer_unread": 0}, {}, "The unread count of the customer is 0, but 1 messages are unread"),
        ({"rev": F("rev") + 1}, {}, "the highest rev of the messages is"),
        (
            {"last_seq": F("last_seq") + 1, "rev": F("rev") + 1},
            {},
            "lastSeq is 8, but the last message has seq 7",
        ),
        ({"last_message": "something"}, {}, "lastMessage differs from the content of message 7"),
        ({"last_message_at": F("last_message_at") - timedelta(hours=1)}, {}, "lastMessageAt is"),
        ({}, {"seq": 90, "rev": 90}, "seq has gaps: there are 7 messages, and the highest seq is 90"),
        ({}, {"sender": None}, "Message 1 has no sender"),
    ],
)
def test_each_kind_of_damage_is_found(
    busy: Shop, head: dict[str, Any], message: dict[str, Any], words: str
) -> None:
    if head:
        Conversation.objects.filter(pk=busy.conversation.pk).update(**head)
    if message:
        ChatMessage.objects.filter(conversation=busy.conversation, seq=1).update(**message)
    output = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("check_integrity", stdout=output)
    assert caught.value.returncode == 1
    assert words in output.getvalue()
    assert str(busy.conversation.pk) in output.getvalue()
    rehearsal = StringIO()
    with pytest.raises(CommandError):
        call_command("check_integrity", "--dry-run", stdout=rehearsal)
    assert rehearsal.getvalue() == output.getvalue()


def test_messages_in_the_wrong_place_are_found(busy: Shop) -> None:
    other = Conversation.objects.create(business=busy.business, customer=busy.outsider)
    foreign = ChatMessage.objects.create(
        conversation=other, seq=1, rev=1, sender_side="customer", sender=busy.amir, content="x"
    )
    ChatMessage.objects.filter(conversation=busy.conversation, seq=1).update(reply_to=foreign)
    texts = [problem.what for problem in integrity.find_problems()]
    assert "Message 1 replies to a message of another conversation." in texts
    assert "Message 1 is on the customer's side, but from another user." in texts


def test_counts_are_corrected_and_reported(busy: Shop, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integrity, "BATCH", 1)
    Conversation.objects.create(business=busy.business, customer=busy.outsider)
    Conversation.objects.filter(pk=busy.conversation.pk).update(business_unread=5)
    assert run("recount_unread", "--dry-run").endswith("1 counts would be corrected.\n")
    assert busy.head().business_unread == 5
    with wire.commits(execute=True):
        assert run("recount_unread").endswith("1 counts were corrected.\n")
    assert busy.head().business_unread == 1
    assert wire.names == ["conversation_updated", "conversation_updated"]
    assert run("check_integrity") == "No problems found.\n"
