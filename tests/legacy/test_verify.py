"""`--verify` accepts a correct import, and finds every kind of difference."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.management.base import CommandError
from django.utils import timezone

from chatsite.legacy_import.models import LegacyImport
from conversations import operations
from conversations.models import ChatMessage, Conversation
from conversations.moderation import erasure
from conversations.requests import SendBody
from notifications.models import Notification
from notifications.operations import delete_notification
from tests.legacy.conftest import Run
from tests.legacy.generator import BEGIN, World, old_rows
from tests.legacy.oldtable import OldTable


def fill_and_import(old: OldTable, world: World, run: Run, rows: int) -> None:
    old.fill(old_rows(world, rows, nul=not old.is_postgresql))
    run()


@pytest.fixture
def imported(old: OldTable, world: World, run: Run) -> OldTable:
    fill_and_import(old, world, run, 300)
    return old


def fails(run: Run) -> bool:
    with pytest.raises(SystemExit) as ended:
        run("--verify", "--batch", "60")
    return ended.value.code == 1


def test_a_faithful_import_agrees(old: OldTable, world: World, run: Run) -> None:
    fill_and_import(old, world, run, 800)  # two in a hundred are unclean
    said = run("--verify", "--batch", "150")
    assert "The old table and the import agree." in said
    assert "with differences: 0" in said


def test_later_changes_by_people_are_not_differences(imported: OldTable, run: Run) -> None:
    message = ChatMessage.objects.filter(deleted_at=None).exclude(sender=None).first()
    assert message is not None
    for content in ("changed", "changed again"):
        operations.edit_message(user_id=message.sender_id, message_id=message.pk, content=content)
    head = Conversation.objects.exclude(pk=message.conversation_id).first()
    assert head is not None
    operations.send_message(sender_id=head.customer_id, conversation_id=head.pk, body=SendBody(content="new"))
    operations.mark_read(user_id=head.customer_id, conversation_id=head.pk)
    other = ChatMessage.objects.filter(conversation=head).exclude(sender=None).first()
    assert other is not None
    operations.delete_message(user_id=other.sender_id, message_id=other.pk)
    assert "The old table and the import agree." in run("--verify")


def change_content(old: OldTable) -> None:
    message = ChatMessage.objects.first()
    assert message is not None
    ChatMessage.objects.filter(pk=message.pk).update(content="forged")


def change_sender(old: OldTable) -> None:
    message = ChatMessage.objects.filter(sender_side="customer").first()
    other = ChatMessage.objects.filter(sender_side="business").first()
    assert message is not None
    assert other is not None
    ChatMessage.objects.filter(pk=message.pk).update(sender_id=other.sender_id)


def lose_a_notification(old: OldTable) -> None:
    Notification.objects.filter(pk=Notification.objects.order_by("pk").values("pk")[:1]).delete()


def lose_a_message(old: OldTable) -> None:
    message = ChatMessage.objects.order_by("-seq").first()
    assert message is not None
    message.delete()


def delete_an_old_row(old: OldTable) -> None:
    old.execute(
        "DELETE FROM messages WHERE id IN (SELECT max(id) FROM messages WHERE \"type\" = 'invitation')"
    )


def change_an_old_row(old: OldTable) -> None:
    old.execute(
        "UPDATE messages SET content = 'other' WHERE id IN "
        "(SELECT max(id) FROM messages WHERE \"type\" = 'invitation')"
    )


def add_an_old_row(old: OldTable) -> None:
    head = Conversation.objects.first()
    assert head is not None
    old.add(
        id=99_999,
        businessId=str(head.business_id),
        customerId=head.customer_id,
        senderId=head.customer_id,
        createdAt=BEGIN,
        content="not moved yet",
    )


def spoil_a_head(old: OldTable) -> None:
    head = Conversation.objects.filter(last_seq__gt=1, customer_unread=0).first()
    assert head is not None
    Conversation.objects.filter(pk=head.pk).update(customer_unread=1)


@pytest.mark.parametrize(
    "spoil",
    [
        change_content,
        change_sender,
        lose_a_notification,
        lose_a_message,
        delete_an_old_row,
        change_an_old_row,
        add_an_old_row,
        spoil_a_head,
    ],
)
def test_a_difference_is_found(imported: OldTable, run: Run, spoil: Callable[[OldTable], None]) -> None:
    spoil(imported)
    assert fails(run)


def test_an_erasure_is_no_difference(imported: OldTable, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        erasure, "record", lambda **entry: None
    )  # the log is append-only, and the test cleans up
    recipients = Notification.objects.values("recipient_id")
    message = ChatMessage.objects.filter(sender_side="customer").exclude(sender_id__in=recipients).first()
    if message is None:  # every customer has some: erasing removes them, which is a difference
        message = ChatMessage.objects.filter(sender_side="customer").first()
        assert message is not None
    erasure.erase_person(actor=None, user_id=message.sender_id, reason="asked for it")
    assert "with differences: 0" in run("--verify")


def test_a_deleted_notification_is_no_difference(imported: OldTable, run: Run) -> None:
    told = Notification.objects.filter(deleted_at=None).exclude(body="").first()
    assert told is not None
    delete_notification(user_id=told.recipient_id, notification_id=told.pk)
    assert "The old table and the import agree." in run("--verify")


@pytest.mark.sqlite_only  # PostgreSQL stores no NULs
def test_verifying_does_not_depend_on_strip_nul(old: OldTable, world: World, run: Run) -> None:
    customer, business = world.customers[0], str(world.businesses[0][0])
    row = {"senderId": customer, "customerId": customer, "businessId": business, "createdAt": BEGIN}
    old.add(id=1, content="before\x00after", **row)
    run("--strip-nul")
    assert "The old table and the import agree." in run("--verify")


@pytest.mark.sqlite_only  # PostgreSQL's advisory lock decides, which test_import_lock covers
def test_an_import_under_way_keeps_a_check_out(imported: OldTable, run: Run) -> None:
    record = LegacyImport.objects.get()
    LegacyImport.objects.update(holder=f"elsewhere:1:{record.pk}", heartbeat_at=timezone.now())
    with pytest.raises(CommandError, match="is being imported"):
        run("--verify")
