"""Find the attachment whose bytes a request asks for. Every request checks access."""

from __future__ import annotations

from uuid import UUID

from chatsite.errors import DomainError, not_found
from conversations import access
from conversations.access import UserId, object_key
from conversations.attachments.models import Attachment, StoredFile


def find_attachment(user_id: UserId, raw_id: str | UUID) -> Attachment:
    """Find an attachment of a visible message in a conversation of the user, or an upload of the user."""
    attachment = find_signed_attachment(raw_id)
    if attachment.message is None:
        if attachment.owner_id != user_id:
            raise not_found("attachment")
        return attachment
    try:
        access.find_conversation(user_id, attachment.message.conversation_id)
    except DomainError as error:
        raise not_found("attachment") from error
    return attachment


def find_signed_attachment(raw_id: str | UUID) -> Attachment:
    """Find the attachment of a signed URL, unless its message has been deleted or hidden."""
    rows = Attachment.objects.select_related("message", "file", "thumbnail")
    attachment = rows.filter(pk=object_key(raw_id, "attachment")).first()
    if attachment is None:
        raise not_found("attachment")
    message = attachment.message
    if message is not None and (message.deleted_at or message.hidden_at):
        raise not_found("attachment")
    return attachment


def bytes_of(attachment: Attachment, *, thumbnail: bool = False) -> StoredFile:
    stored = attachment.thumbnail if thumbnail else attachment.file
    if stored is None or attachment.state != Attachment.State.READY:
        raise not_found("attachment")
    return stored
