"""Give uploads to the message that they are sent with. Only its owner can use an upload, and only once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

from chatsite.database.pipeline import ask_rows
from chatsite.errors import DomainError, invalid
from conversations.access import UserId
from conversations.models import Attachment, ChatMessage
from conversations.writing.storage_use import Use

CLAIMED: Final = ("message", "business", "position")  # columns that a claim writes
_SEPARATOR: Final = ", "


def ask_attachments(ids: Collection[UUID]) -> Callable[[], dict[UUID, Attachment]]:
    """Lock these attachments in the order of their ids. The caller must lock the conversations first."""
    if not ids:
        return dict
    columns = [field.attname for field in Attachment._meta.concrete_fields]
    rows = ask_rows(
        Attachment.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list(*columns)
    )
    return lambda: {found.pk: found for found in (Attachment.from_db(None, columns, row) for row in rows())}


def claimable(
    found: Mapping[UUID, Attachment], ids: Sequence[UUID], owner_id: UserId, use: Use
) -> list[Attachment]:
    """Return the uploads that a message names, in its order, and add them to `use`, that of the business.

    Raise `DomainError` if one of them cannot be used.
    """
    wanted = [found.get(key) for key in ids]
    mine = [one for one in wanted if one is not None and owner_id is not None and one.owner_id == owner_id]
    if len(mine) < len(ids):
        raise invalid("An attachment is not an upload of yours.", field="attachmentIds")
    if any(one.message_id is not None for one in mine):
        raise DomainError("conflict", "An attachment has been sent already.", {"field": "attachmentIds"})
    if any(one.state == Attachment.State.REJECTED for one in mine):
        raise DomainError("conflict", "An attachment has been rejected.", {"field": "attachmentIds"})
    if mine:
        use.take(mine)
    return mine


def claim(attachments: Sequence[Attachment], message_id: UUID, business_id: UUID) -> None:
    """Give the attachments to the message. The caller writes them with it."""
    for position, attachment in enumerate(attachments):
        attachment.message_id, attachment.business_id = message_id, business_id
        attachment.position = position


def names_of(attachments: Sequence[Attachment]) -> str:
    """Return the content of a message without a text. Clients that know no attachments show it."""
    return _SEPARATOR.join(attachment.name for attachment in attachments)


def message_type_of(attachments: Sequence[Attachment]) -> str:
    """Return the type of a message with these attachments: that of the first one. A video has the type `file`."""
    if not attachments:
        return ChatMessage.Type.TEXT.value
    kind = attachments[0].kind
    return kind if kind in ChatMessage.Type.values else ChatMessage.Type.FILE.value
