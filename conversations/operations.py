"""Every change of a conversation, as one function: authorised inside, transactional, knowing no transport.

REST, both socket transports, admin actions and management commands call these; a live send goes through
`new_send` and the group commit, which is the same code a batch of one runs. Parts of it have modules of their own:
`drafts` checks what is to be written, `membership` says who speaks for a business.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.utils import timezone

from chatsite.errors import DomainError, invalid, not_found
from chatsite.realtime.broadcast import broadcast_on_commit
from conversations import access, contacts, events
from conversations.access import UserId, object_key, other_side, require_side, user_key
from conversations.membership import add_member as add_member
from conversations.membership import lock_person as lock_person
from conversations.membership import remove_member as remove_member
from conversations.models import Business, ChatMessage, Conversation, Membership, MessageEdit, Side
from conversations.serializers import MESSAGE_COLUMNS, MessageObject, message_from_row
from conversations.validation import clean_client_id as clean_client_id
from conversations.validation import clean_content as clean_content
from conversations.validation import new_receipt as new_receipt
from conversations.validation import new_send as new_send
from conversations.validation import storable as storable
from conversations.writing import message_sql
from conversations.writing.commit_recovery import shown_if_unsure
from conversations.writing.conversation_rows import lock_heads, save_heads
from conversations.writing.write_batch import Outcome, Receipt, Receipted, Send, Sent, preview, write

# --- Messages ---------------------------------------------------------------------------------------------------------


def send_message(
    *,
    sender_id: UserId,
    conversation_id: str | UUID,
    content: str,
    message_type: str = "text",
    client_id: str | None = None,
    reply_to: str | None = None,
) -> Sent:
    """Store a message and tell everybody who joined. A known `client_id` gives the stored message again."""
    send = new_send(
        sender_id=sender_id,
        conversation_id=conversation_id,
        content=content,
        message_type=message_type,
        client_id=client_id,
        reply_to=reply_to,
    )
    return cast(Sent, _only(write([send])))


def send_system_message(*, conversation_id: UUID, content: str) -> Sent:
    """What the system says in a conversation; it counts as unread for nobody."""
    send = Send(conversation_id, None, clean_content(content), message_type="system")
    return cast(Sent, _only(write([send])))


def mark_read(
    *, user_id: UserId, conversation_id: str | UUID, message_ids: Sequence[str] | None = None
) -> Receipted:
    """The user's side has seen these messages of the other side; without ids, all of them."""
    receipt = new_receipt(
        user_id=user_id, conversation_id=conversation_id, status="read", message_ids=message_ids
    )
    return cast(Receipted, _only(write([receipt])))


def mark_delivered(*, user_id: UserId, messages: Sequence[MessageObject]) -> list[message_sql.Stamp]:
    """These messages have been handed to the user. One transaction, whatever number of conversations they are of."""
    by_conversation: dict[UUID, list[UUID]] = {}
    for message in messages:
        by_conversation.setdefault(message.conversation_id, []).append(message.id)
    receipts = [Receipt(key, user_id, "delivered", ids) for key, ids in by_conversation.items()]
    if not receipts:
        return []
    return [stamp for done in write(receipts) if isinstance(done, Receipted) for stamp in done.stamps]


def edit_message(*, user_id: UserId, message_id: str | UUID, content: str) -> MessageObject:
    """Change what one's own message says, and keep what it said. The same content again changes nothing."""
    content = clean_content(content)
    touched: set[UUID] = set()
    with shown_if_unsure(touched), transaction.atomic():
        head, message, _ = _lock_own_message(user_id, message_id)
        touched.add(head.pk)
        if head.frozen_at is not None:
            raise DomainError("frozen", "A moderator has closed this conversation.")
        if message.deleted_at or message.hidden_at:
            raise DomainError("conflict", "The message has been deleted.")
        if message.content == content:
            return message_from_model(message)
        now = timezone.now()
        MessageEdit.objects.create(message=message, content=message.content, replaced_at=now)
        message.content, message.edited_at = content, now
        return publish_change(head, message, events.message_edited)


def delete_message(*, user_id: UserId, message_id: str | UUID) -> MessageObject:
    """Take one's own message back. The row stays for moderators; again changes nothing."""
    touched: set[UUID] = set()
    with shown_if_unsure(touched), transaction.atomic():
        head, message, _ = _lock_own_message(user_id, message_id)
        touched.add(head.pk)
        if message.deleted_at:
            return message_from_model(message)
        was_visible = message.hidden_at is None
        message.deleted_at = timezone.now()
        if was_visible:
            forget_unread(head, message)
        return publish_change(head, message, events.message_deleted)


def forget_unread(head: Conversation, message: ChatMessage) -> None:
    """A message that is gone no longer counts as unread."""
    if message.sender_side != Side.SYSTEM and message.status != ChatMessage.Status.READ:
        attribute = f"{other_side(message.sender_side)}_unread"
        setattr(head, attribute, max(0, getattr(head, attribute) - 1))


def publish_change(head: Conversation, message: ChatMessage, event: Any) -> MessageObject:
    """Give a changed message of a locked conversation the next `rev`, save both, and tell everybody who joined."""
    head.rev += 1
    head.updated_at = timezone.now()
    message.rev = head.rev
    if message.seq == head.last_seq:
        gone = message.deleted_at or message.hidden_at
        head.last_message = "" if gone else preview(message.content)
    message.save(update_fields=["rev", "content", "edited_at", "deleted_at", "hidden_at"])
    save_heads([head])
    changed = message_from_model(message)
    payload = events.message_payload(changed)
    broadcast_on_commit([event(changed, payload), *events.conversation_updated(head)])
    return changed


def message_from_model(message: ChatMessage) -> MessageObject:
    return message_from_row(tuple(getattr(message, name) for name in MESSAGE_COLUMNS))


def _lock_own_message(user_id: UserId, message_id: str | UUID) -> tuple[Conversation, ChatMessage, str]:
    """The user's own message, under its conversation's lock. `forbidden` for a visible one of somebody else."""
    key = object_key(message_id, "message")
    conversation_id = ChatMessage.objects.filter(pk=key).values_list("conversation_id", flat=True).first()
    if conversation_id is None:
        raise not_found("message")
    head = lock_heads([conversation_id])[conversation_id]
    try:
        side = require_side(access.load_actors([user_id]).get(user_id), head)
    except DomainError as error:
        raise not_found("message") from error
    message = ChatMessage.objects.get(pk=key)
    if message.sender_id != user_id:
        raise DomainError("forbidden", "Only its sender may change a message.")
    return head, message, side


def _only(outcomes: list[Outcome]) -> Outcome:
    (outcome,) = outcomes
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


# --- Conversations ----------------------------------------------------------------------------------------------------


def open_conversation(
    *, user_id: UserId, business_id: str, customer_id: str | None = None
) -> tuple[Conversation, str, bool]:
    """The conversation of a business and a customer, made if it is new: `(conversation, the user's side, created)`.

    A customer names the business. A member names the customer too, who must be somebody that the business may contact.
    """
    actor = access.load_actor(user_id)
    business = Business.objects.filter(pk=object_key(business_id, "business")).first()
    if business is None:
        raise not_found("business")
    is_member = business.pk in actor.businesses
    if customer_id is None or (not is_member and customer_id == str(user_id)):
        if is_member:
            raise invalid("A member of the business names the customer.", field="customerId")
        customer_key, side = user_id, Side.CUSTOMER.value
    else:
        if not is_member:
            raise not_found("business")
        customer_key, side = _customer_of(business, customer_id), Side.BUSINESS.value
    for rule in access.customer_rules:
        rule(customer_key, business.pk)
    conversation, created = _get_or_create(business.pk, customer_key)
    return conversation, side, created


def _customer_of(business: Business, customer_id: str) -> UserId:
    key = user_key(customer_id)
    if Membership.objects.filter(business=business, user_id=key).exists():
        raise invalid("A member of the business cannot be its customer.", field="customerId")
    is_active = get_user_model().objects.filter(pk=key, is_active=True).exists()
    if not contacts.may_contact(business.pk, key) or not is_active:
        raise not_found("user")
    return key


def _get_or_create(business_id: UUID, customer_id: UserId) -> tuple[Conversation, bool]:
    both = Conversation.objects.select_related("business", "customer")
    known = both.filter(business_id=business_id, customer_id=customer_id).first()
    if known is not None:
        return known, False
    try:
        with transaction.atomic():
            lock_person(customer_id)
            if Membership.objects.filter(business_id=business_id, user_id=customer_id).exists():
                raise DomainError("conflict", "A member of the business cannot become its customer.")
            conversation, created = both.get_or_create(business_id=business_id, customer_id=customer_id)
            if created:
                contact = events.order(events.CONTACT_BEGAN, customer_id, business_id)
                broadcast_on_commit([contact, *events.conversation_updated(conversation)])
    except IntegrityError:  # another request made it at the same moment
        conversation, created = both.get(business_id=business_id, customer_id=customer_id), False
    return conversation, created


def archive_conversation(
    *, user_id: UserId, conversation_id: str, archived: bool
) -> tuple[Conversation, str]:
    """Put the conversation away on the user's own side, or take it back. The next message takes it back too.

    It is one side's own arrangement and nothing that happened in the conversation, so it takes no `rev`.
    """
    with transaction.atomic():
        _, side = access.find_conversation(user_id, conversation_id)
        key = object_key(conversation_id, "conversation")
        head = lock_heads([key])[key]
        attribute = f"{side}_archived"
        if getattr(head, attribute) != archived:
            setattr(head, attribute, archived)
            head.updated_at = timezone.now()
            save_heads([head])
            broadcast_on_commit(events.conversation_updated(head))
    return head, side
