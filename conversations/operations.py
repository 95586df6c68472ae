"""Every change of a conversation, each as one function that checks access and runs one transaction.

REST, both socket transports, admin actions and management commands call these functions. A live send uses `new_send` of
`validation` and the group commit, which runs the same code as `send_message`. `writing` has the `ConversationChange`
that every operation uses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import cast
from uuid import UUID

from django.contrib.auth import get_user_model
from msgspec import UNSET, UnsetType

from chatsite.background.jobs import enqueue
from chatsite.errors import DomainError, invalid, not_found
from conversations import access, contacts, events
from conversations.access import UserId, object_key, require_open, require_side, user_key
from conversations.attachments.jobs import release_message_files
from conversations.block_rules import require_unblocked
from conversations.membership import lock_person
from conversations.models import Business, Conversation, Membership, MessageEdit, Side
from conversations.requests import SendBody
from conversations.serializers import MessageObject, ViaName
from conversations.validation import clean_content, new_receipt, new_send
from conversations.writing.conversation_change import change_conversations
from conversations.writing.message_change import MessageChange, change_message
from conversations.writing.message_sql import Stamp
from conversations.writing.new_conversations import get_or_create_conversation
from conversations.writing.requests import Outcome, Receipt, Receipted, Send, Sent
from conversations.writing.write_batch import write

# --- Messages ---------------------------------------------------------------------------------------------------------


def send_message(
    *,
    sender_id: UserId,
    conversation_id: str | UUID,
    body: SendBody,
    via: ViaName | UnsetType = UNSET,
) -> Sent:
    """Store a message and publish `new_message`. For a known `client_id`, return the stored message."""
    send = new_send(sender_id=sender_id, conversation_id=conversation_id, body=body)
    send.via = via
    return cast(Sent, _only(write([send])))


def send_system_message(*, conversation_id: UUID, content: str) -> Sent:
    """Store a message of the system. It does not count as unread."""
    send = Send(conversation_id, None, clean_content(content), message_type="system")
    return cast(Sent, _only(write([send])))


def mark_read(
    *,
    user_id: UserId,
    conversation_id: str | UUID,
    message_ids: Sequence[str] | None = None,
    up_to_seq: int | None = None,
) -> Receipted:
    """Mark messages of the other side as read: these, or all up to `up_to_seq`."""
    receipt = new_receipt(
        user_id=user_id,
        conversation_id=conversation_id,
        status="read",
        message_ids=message_ids,
        up_to_seq=up_to_seq,
    )
    return cast(Receipted, _only(write([receipt])))


def mark_delivered(*, user_id: UserId, messages: Sequence[MessageObject]) -> list[Stamp]:
    """Mark messages as delivered to the user, in one transaction for any number of conversations."""
    by_conversation: dict[UUID, list[UUID]] = {}
    for message in messages:
        by_conversation.setdefault(message.conversation_id, []).append(message.id)
    receipts = [Receipt(key, user_id, "delivered", ids) for key, ids in by_conversation.items()]
    if not receipts:
        return []
    return [stamp for done in write(receipts) if isinstance(done, Receipted) for stamp in done.stamps]


def edit_message(*, user_id: UserId, message_id: str | UUID, content: str) -> MessageObject:
    """Edit one's own message and keep the earlier version. The same content again changes nothing."""
    content = clean_content(content)
    with _change_own_message(user_id, message_id) as changing:
        message = changing.message
        is_gone = message.deleted_at or message.hidden_at
        if message.content == content and not is_gone:
            return changing.unchanged()
        require_open(changing.conversation)
        require_unblocked(changing.conversation, user_id)
        if is_gone:
            raise DomainError("conflict", "The message has been deleted.")
        MessageEdit.objects.create(message=message, content=message.content, replaced_at=changing.now)
        message.content, message.edited_at = content, changing.now
        return changing.publish(events.message_edited)


def delete_message(*, user_id: UserId, message_id: str | UUID) -> MessageObject:
    """Delete one's own message. The row stays for moderators. Deleting it again changes nothing."""
    with _change_own_message(user_id, message_id) as changing:
        message = changing.message
        if message.deleted_at:
            return changing.unchanged()
        if message.hidden_at is None:
            changing.count_unread(-1)
        message.deleted_at = changing.now
        if message.attachments:
            enqueue(release_message_files, str(message.pk))
        return changing.publish(events.message_deleted)


@contextmanager
def _change_own_message(user_id: UserId, message_id: str | UUID) -> Iterator[MessageChange]:
    """Begin a change of the user's own message. Raise `forbidden` for a visible message of somebody else."""
    with change_message(message_id) as changing:
        try:
            require_side(access.load_actors([user_id]).get(user_id), changing.conversation)
        except DomainError as error:
            raise not_found("message") from error
        if changing.message.sender_id != user_id:
            raise DomainError("forbidden", "Only the sender may change a message.")
        yield changing


def _only(outcomes: list[Outcome]) -> Outcome:
    (outcome,) = outcomes
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


# --- Conversations ----------------------------------------------------------------------------------------------------


def open_conversation(
    *, user_id: UserId, business_id: str, customer_id: str | None = None
) -> tuple[Conversation, str, bool]:
    """Return the conversation of a business and a customer, the user's side, and whether it was created now.

    A customer passes the business. A member passes the customer too, whom the business must be allowed to contact.
    """
    actor = access.load_actor(user_id)
    business = Business.objects.filter(pk=object_key(business_id, "business")).first()
    if business is None:
        raise not_found("business")
    is_member = business.pk in actor.businesses
    if customer_id is None or (not is_member and customer_id == str(user_id)):
        if is_member:
            raise invalid("A member of the business must give the customerId.", field="customerId")
        customer_key, side = user_id, Side.CUSTOMER.value
    else:
        if not is_member:
            raise not_found("business")
        customer_key, side = _customer_of(business, customer_id), Side.BUSINESS.value
    for rule in access.customer_rules:
        rule(customer_key, business.pk)
    conversation, created = get_or_create_conversation(
        business.pk, customer_key, check=partial(_require_no_member, business.pk, customer_key)
    )
    return conversation, side, created


def _customer_of(business: Business, customer_id: str) -> UserId:
    key = user_key(customer_id)
    if Membership.objects.filter(business=business, user_id=key).exists():
        raise invalid("A member of the business cannot be its customer.", field="customerId")
    is_active = get_user_model()._default_manager.filter(pk=key, is_active=True).exists()
    if not contacts.may_contact(business.pk, key) or not is_active:
        raise not_found("user")
    return key


def _require_no_member(business_id: UUID, customer_id: UserId) -> None:
    lock_person(customer_id)
    if Membership.objects.filter(business_id=business_id, user_id=customer_id).exists():
        raise DomainError("conflict", "A member of the business cannot become its customer.")


def archive_conversation(
    *, user_id: UserId, conversation_id: str, archived: bool
) -> tuple[Conversation, str]:
    """Archive the conversation for the user's own side, or restore it. The next message restores it too.

    The other side does not see this, so it takes no `rev`.
    """
    key = object_key(conversation_id, "conversation")
    with change_conversations([key]) as change:
        _, side = access.find_conversation(user_id, key)
        conversation = change.conversations[key]
        attribute = f"{side}_archived"
        if getattr(conversation, attribute) != archived:
            setattr(conversation, attribute, archived)
            change.save_for(conversation, side)
    return conversation, side
