"""Apply one send of a batch: check access, look for a repeated send, and append the message."""

from __future__ import annotations

from collections.abc import Sequence

from uuid_utils.compat import uuid7

from chatsite.errors import invalid
from conversations import events
from conversations.access import other_side, require_open, require_side
from conversations.attachment_objects import attachment_object, stored_attachment
from conversations.block_rules import require_unblocked
from conversations.models import Attachment, Conversation, SenderKind, Side
from conversations.serializers import MessageObject
from conversations.writing import list_preview
from conversations.writing.attachment_claims import claimable, message_type_of, names_of
from conversations.writing.batch_lookups import Lookups
from conversations.writing.conversation_change import ConversationChange, add_unread
from conversations.writing.requests import Send, Sent
from conversations.writing.storage_use import Use


def apply_send(change: ConversationChange, lookups: Lookups, send: Send) -> Sent:
    """Append the message, or return the one stored with the same client id. Raise `DomainError` if refused."""
    conversation = change.conversations.get(send.conversation_id)
    if send.sender_id is None and conversation is not None:
        return append_message(change, conversation, Side.SYSTEM.value, send, kind=SenderKind.SYSTEM)
    actor = lookups.actors.get(send.sender_id)
    side = require_side(actor, conversation)
    assert conversation is not None  # otherwise `require_side` raises
    stored = lookups.stored.get(send.client_key) if send.client_key is not None else None
    # A repeated send gets its message, whatever has happened to the conversation since.
    if stored is not None:
        return Sent(stored, events.message_payload(stored), created=False)
    require_open(conversation)
    require_unblocked(conversation, send.sender_id)
    if send.reply_to is not None and (send.conversation_id, send.reply_to) not in lookups.places:
        raise invalid("replyTo must be a message of this conversation.", field="replyTo")
    use = lookups.uses.setdefault(conversation.business_id, Use())
    files = claimable(lookups.attachments, send.attachment_ids, send.sender_id, use)
    kind = SenderKind.BOT if actor is not None and actor.is_bot else SenderKind.PERSON
    sent = append_message(change, conversation, side, send, files, kind)
    if send.client_key is not None:
        lookups.stored[send.client_key] = sent.message  # the same batch may contain the send twice
    return sent


def append_message(
    change: ConversationChange,
    conversation: Conversation,
    side: str,
    send: Send,
    files: Sequence[Attachment] = (),
    kind: SenderKind = SenderKind.PERSON,
) -> Sent:
    """Append the message. The caller has checked that the side may send."""
    rev = change.take_rev(conversation)
    conversation.last_seq += 1
    content = send.content or names_of(files)
    list_preview.show_new(conversation, content, list_preview.last_sender(send.sender_id, side), files)
    conversation.last_message_at = conversation.active_at = change.now
    conversation.customer_archived = conversation.business_archived = False
    if side != Side.SYSTEM:
        add_unread(conversation, other_side(side), 1)
    message = MessageObject(
        id=uuid7(),
        conversation_id=conversation.pk,
        seq=conversation.last_seq,
        rev=rev,
        sender_id=None if send.sender_id is None else str(send.sender_id),
        sender_side=side,  # type: ignore[arg-type]
        client_id=send.client_id,
        content=content,
        message_type=send.message_type or message_type_of(files),  # type: ignore[arg-type]
        status="sent",
        delivered_at=None,
        read_at=None,
        edited_at=None,
        deleted_at=None,
        reply_to=send.reply_to,
        created_at=change.now,
        attachments=[attachment_object(stored_attachment(file)) for file in files],
        sender_kind=kind.value,  # type: ignore[arg-type]
        via=send.via,
    )
    change.claim_attachments(message.id, files, conversation.business_id)
    return Sent(message, change.insert_message(conversation, message, send.sender_id), created=True)


def append_system_message(change: ConversationChange, conversation: Conversation, content: str) -> Sent:
    """Append a message of the system to a conversation in a change. It does not count as unread."""
    send = Send(conversation.pk, None, content, message_type="system")
    return append_message(change, conversation, Side.SYSTEM.value, send, kind=SenderKind.SYSTEM)
