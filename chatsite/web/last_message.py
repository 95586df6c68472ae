"""What a row of the list says of the last message, as `last_message.js` says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chatsite.identity.names import display_name
from chatsite.web.preview_text import preview_text
from conversations import access
from conversations.models import Membership, Side
from conversations.preview_objects import LastSenderObject
from conversations.serializers import ConversationObject

STATUSES: Final = {
    "sent": gettext_lazy("Sent"),
    "delivered": gettext_lazy("Delivered"),
    "read": gettext_lazy("Read"),
}


@dataclass(frozen=True)
class LastMessage:
    """The text, and for a message of the reader's own side who wrote it and what became of it."""

    text: str
    sender: str = ""
    status: str = ""

    @property
    def status_text(self) -> Any:
        return STATUSES.get(self.status, "")


def last_messages(conversations: list[ConversationObject], reader_id: str) -> list[LastMessage]:
    """Return what to say of each conversation. Looks up the names of colleagues in one query, if there are any."""
    ours = [_from_own_side(conversation, reader_id) for conversation in conversations]
    colleagues = {
        last.user_id: conversation.business_id
        for conversation, last in zip(conversations, ours, strict=True)
        if last is not None and last.user_id not in (None, reader_id)
    }
    names = _member_names(colleagues) if colleagues else {}
    return [
        _last_message(conversation, last, reader_id, names)
        for conversation, last in zip(conversations, ours, strict=True)
    ]


def _member_names(colleagues: dict[str, UUID]) -> dict[str, str]:
    """Return the names by user id. Former members have none."""
    keys = [access.user_key(user_id) for user_id in colleagues]
    rows = Membership.objects.filter(business_id__in=set(colleagues.values()), user_id__in=keys)
    return {str(row.user_id): display_name(row.user) for row in rows.select_related("user")}


def _from_own_side(conversation: ConversationObject, reader_id: str) -> LastSenderObject | None:
    last = conversation.last_sender
    side = Side.CUSTOMER if conversation.customer_id == reader_id else Side.BUSINESS
    if last is None or last.side != side or conversation.last_reaction is not None:
        return None
    return last


def _last_message(
    conversation: ConversationObject, last: LastSenderObject | None, reader_id: str, names: dict[str, str]
) -> LastMessage:
    text = preview_text(conversation, reader_id) or (_("Message deleted") if conversation.last_seq else "")
    if last is None:
        return LastMessage(text)
    sender = _("You") if last.user_id == reader_id else names.get(last.user_id or "") or _("Your team")
    is_there = conversation.last_message or conversation.last_files
    return LastMessage(text, sender, last.status if is_there else "")
