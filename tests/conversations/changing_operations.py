"""Every operation that changes a conversation, each with what it needs to run once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from django.contrib.auth.models import User
from django.utils import timezone

from chatsite.legacy_import.batch_writer import write_batch
from chatsite.legacy_import.import_lock import acquire_lock
from chatsite.legacy_import.plan import PlannedMessage
from chatsite.legacy_import.progress import Progress
from chatsite.legacy_import.undo import undo
from conversations import integrity, operations
from conversations.models import ChatMessage, Conversation
from conversations.moderation import operations as moderation
from conversations.moderation import reports
from conversations.moderation.erasure import erase_person
from conversations.requests import SendBody
from notifications import offers
from notifications.models import Offer
from tests.conversations.people import business, person


@dataclass
class Scene:
    """A conversation with a message of the customer, and the member of the business."""

    customer: User
    member: User
    talk: Conversation

    @property
    def message(self) -> ChatMessage:
        """Return the customer's message."""
        return ChatMessage.objects.get(conversation=self.talk, seq=1)

    def row(self) -> tuple[Any, ...] | None:
        """Return everything that both sides see of the conversation."""
        found = Conversation.objects.filter(pk=self.talk.pk).values_list().first()
        names = type(self.customer).objects.values_list("username", flat=True).get(pk=self.customer.pk)
        return None if found is None else (*found, names)

    def offer(self) -> Offer:
        made, _ = offers.make_offer(
            author_id=self.member.pk,
            conversation_id=self.talk.pk,
            title="Blue bike",
            amount_minor=100,
            currency="EUR",
            expires_at=timezone.now() + timedelta(days=1),
        )
        return made


Operation = Callable[[], Any]
Cases = dict[
    str, Callable[[Scene], Operation]
]  # each prepares, and gives the operation that loses its COMMIT
CASES: Cases = {}


def case(prepare: Callable[[Scene], Operation]) -> Callable[[Scene], Operation]:
    CASES[prepare.__name__] = prepare
    return prepare


@case
def send_message(scene: Scene) -> Operation:
    return lambda: operations.send_message(
        sender_id=scene.customer.pk, conversation_id=scene.talk.pk, body=SendBody(content="again")
    )


@case
def send_system_message(scene: Scene) -> Operation:
    return lambda: operations.send_system_message(conversation_id=scene.talk.pk, content="A note.")


@case
def mark_read(scene: Scene) -> Operation:
    return lambda: operations.mark_read(user_id=scene.customer.pk, conversation_id=scene.talk.pk)


@case
def mark_delivered(scene: Scene) -> Operation:
    from conversations.history import message_page

    messages = message_page(scene.talk.pk, limit=10).messages[1:]
    return lambda: operations.mark_delivered(user_id=scene.customer.pk, messages=messages)


@case
def edit_message(scene: Scene) -> Operation:
    key = scene.message.pk
    return lambda: operations.edit_message(user_id=scene.customer.pk, message_id=key, content="edited")


@case
def delete_message(scene: Scene) -> Operation:
    key = scene.message.pk
    return lambda: operations.delete_message(user_id=scene.customer.pk, message_id=key)


@case
def archive(scene: Scene) -> Operation:
    key = str(scene.talk.pk)
    return lambda: operations.archive_conversation(
        user_id=scene.customer.pk, conversation_id=key, archived=True
    )


@case
def open_conversation(scene: Scene) -> Operation:
    shop = business(person())
    scene.talk = Conversation(business=shop, customer=scene.customer)  # until it exists

    def operation() -> None:
        try:
            operations.open_conversation(user_id=scene.customer.pk, business_id=str(shop.pk))
        finally:
            scene.talk = Conversation.objects.get(business=shop)

    return operation


def moderate(scene: Scene, change: Callable[..., Any], **subject: Any) -> Operation:
    return lambda: change(actor=None, reason="a reason", **subject)


@case
def hide(scene: Scene) -> Operation:
    return moderate(scene, moderation.hide_message, message_id=scene.message.pk)


@case
def restore(scene: Scene) -> Operation:
    hide(scene)()
    return moderate(scene, moderation.restore_message, message_id=scene.message.pk)


@case
def freeze(scene: Scene) -> Operation:
    return moderate(scene, moderation.freeze_conversation, conversation_id=scene.talk.pk)


@case
def unfreeze(scene: Scene) -> Operation:
    freeze(scene)()
    return moderate(scene, moderation.unfreeze_conversation, conversation_id=scene.talk.pk)


@case
def resolve_a_report(scene: Scene) -> Operation:
    """Resolve a report and hide its message in one transaction."""
    report, _ = reports.make_report(
        reporter_id=scene.member.pk,
        conversation_id=str(scene.talk.pk),
        reason="spam",
        message_id=str(scene.message.pk),
    )
    return lambda: reports.resolve_report(
        actor=None, report_id=report.pk, outcome=reports.Outcome.MESSAGE_HIDDEN, note="hidden"
    )


@case
def erase_the_account(scene: Scene) -> Operation:
    return lambda: erase_person(actor=None, user_id=scene.customer.pk, reason="a wish")


@case
def erase_the_messages(scene: Scene) -> Operation:
    with patch("conversations.moderation.erasure.conversations_written_in", lambda user_id: []):
        erase_the_account(scene)()
    return erase_the_account(scene)


@case
def recount_unread(scene: Scene) -> Operation:
    Conversation.objects.filter(pk=scene.talk.pk).update(customer_unread=0)
    return lambda: list(integrity.recount_unread())


@case
def make_offer(scene: Scene) -> Operation:
    return scene.offer


@case
def accept_offer(scene: Scene) -> Operation:
    key = scene.offer().pk
    return lambda: offers.accept_offer(user_id=scene.customer.pk, offer_id=key)


@case
def withdraw_offer(scene: Scene) -> Operation:
    key = scene.offer().pk
    return lambda: offers.withdraw_offer(user_id=scene.member.pk, offer_id=key)


@case
def expire_offer(scene: Scene) -> Operation:
    key = scene.offer().pk
    Offer.objects.filter(pk=key).update(expires_at=timezone.now())
    return lambda: offers.expire_offer(key)


@case
def import_old_messages(scene: Scene) -> Operation:
    def operation() -> None:
        plan = PlannedMessage(
            legacy_id="1",
            business_id=scene.talk.business_id,
            customer_id=scene.customer.pk,
            sender_id=scene.customer.pk,
            side="customer",
            content="long ago",
            message_type="text",
            status="sent",
            created_at=timezone.now() - timedelta(days=100),
            delivered_at=None,
            read_at=None,
            deleted_at=None,
        )
        with acquire_lock("old") as import_lock:
            write_batch(import_lock, [plan], [], ("2020-01-01", "1"))

    return operation


@case
def undo_the_import(scene: Scene) -> Operation:
    import_old_messages(scene)()
    return lambda: undo("old", dry_run=False, progress=Progress(print, total=1, shown=False))
