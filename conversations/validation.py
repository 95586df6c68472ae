"""Validate messages and receipts before they are written."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from chatsite.config.limits import limits
from chatsite.errors import DomainError, invalid
from conversations.access import UserId, object_key
from conversations.requests import CLIENT_TYPES, SendBody
from conversations.writing.requests import Receipt, Send


def clean_content(content: str) -> str:
    """Return the content. Raise `invalid` or `too_large` if it cannot be stored."""
    if len(content) > (limit := limits().message_length):
        raise DomainError(
            "too_large",
            f"A message can have at most {limit} characters.",
            {"field": "content", "limit": limit},
        )
    if not content.strip():
        raise invalid("A message must have content.", field="content")
    check_storable(content, field="content")
    return content


def storable(text: str) -> bool:
    """Return whether PostgreSQL can store the text: it has no NUL and no lone surrogate."""
    return "\x00" not in text and (text.isascii() or text.encode("utf-8", "replace").decode("utf-8") == text)


def clean_text(text: str, *, field: str, limit: int) -> str:
    """Return the text. Raise `too_large` or `invalid` if it is too long or cannot be stored."""
    if len(text) > limit:
        message = f"{field} can have at most {limit} characters."
        raise DomainError("too_large", message, {"field": field, "limit": limit})
    check_storable(text, field=field)
    return text


def clean_required(text: str, *, field: str, limit: int) -> str:
    """Return the text. Raise `invalid` if it is empty, and otherwise as `clean_text` does."""
    if not text.strip():
        raise invalid(f"{field} is required.", field=field)
    return clean_text(text, field=field, limit=limit)


def check_storable(text: str, *, field: str) -> None:
    if not storable(text):
        raise invalid(f"{field} contains a character that cannot be stored.", field=field)


def clean_client_id(client_id: str | None) -> str | None:
    if client_id is None:
        return None
    limit = limits().client_id_length
    if not 1 <= len(client_id) <= limit or not client_id.isprintable():
        raise invalid(f"A clientId must have 1 to {limit} printable characters.", field="clientId")
    return client_id


def new_send(*, sender_id: UserId, conversation_id: str | UUID, body: SendBody) -> Send:
    """Return a validated send. Access is checked later, under the lock of the conversation."""
    if body.message_type is not None and body.message_type not in CLIENT_TYPES:
        raise invalid(f"messageType must be one of {', '.join(CLIENT_TYPES)}.", field="messageType")
    has_only_files = body.attachment_ids and not body.content.strip()
    return Send(
        conversation_id=object_key(conversation_id, "conversation"),
        sender_id=sender_id,
        content="" if has_only_files else clean_content(body.content),
        message_type=body.message_type,
        client_id=clean_client_id(body.client_id),
        reply_to=None if body.reply_to is None else _reply_key(body.reply_to),
        attachment_ids=_attachment_keys(body.attachment_ids),
    )


def _attachment_keys(raw: Sequence[str]) -> list[UUID]:
    if len(raw) > (limit := limits().message_attachments):
        raise DomainError(
            "too_large",
            f"A message can have at most {limit} attachments.",
            {"field": "attachmentIds", "limit": limit},
        )
    try:
        keys = [UUID(one) for one in raw]
    except ValueError as error:
        raise invalid("attachmentIds must be ids of uploads.", field="attachmentIds") from error
    if len(set(keys)) < len(keys):
        raise invalid("attachmentIds contains an id twice.", field="attachmentIds")
    return keys


def _reply_key(raw: str) -> UUID:
    try:
        return UUID(raw)
    except ValueError as error:
        raise invalid("replyTo must be the id of a message.", field="replyTo") from error


def new_receipt(
    *,
    user_id: UserId,
    conversation_id: str | UUID,
    status: str,
    message_ids: Sequence[str] | None,
    up_to_seq: int | None = None,
) -> Receipt:
    """Return a validated receipt. The writer ignores ids of other conversations."""
    if message_ids is not None and len(message_ids) > limits().receipt_ids:
        limit = limits().receipt_ids
        raise DomainError(
            "too_large",
            f"A receipt can have at most {limit} messageIds.",
            {"field": "messageIds", "limit": limit},
        )
    keys = None
    if message_ids is not None:
        try:
            keys = [UUID(raw) for raw in message_ids]
        except ValueError as error:
            raise invalid("messageIds must be ids of messages.", field="messageIds") from error
    return Receipt(object_key(conversation_id, "conversation"), user_id, status, keys, up_to_seq)
