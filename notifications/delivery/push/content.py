"""The content of a push. The service worker shows it, one notification for each conversation."""

from __future__ import annotations

import hmac
from typing import Any, Final
from unicodedata import category
from uuid import UUID

import msgspec
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, ngettext

from chatsite.identity.names import display_name
from conversations.models import ChatMessage, Conversation, Side
from conversations.unread_counts import count_unread
from notifications.delivery.links import conversation_path
from notifications.delivery.preferences import Preferences

TITLE_CHARACTERS: Final = 100
BODY_CHARACTERS: Final = 400  # at most 1600 bytes


def message_content(
    user: Any, conversation: Conversation, newest: ChatMessage, number: int, preferences: Preferences
) -> bytes:
    """Return the newest unread message, or only how many there are, if the business or the person prefers that."""
    with translation.override(preferences.locale):
        if preferences.push_content:
            title, body = sender_name(conversation, newest), shortened(newest.content)
        else:
            title = ""
            body = ngettext("%(count)d new message", "%(count)d new messages", number) % {"count": number}
        return msgspec.json.encode(
            {
                "type": "message",
                "conversationId": str(conversation.pk),
                "tag": tag_of(conversation.pk),
                "title": shortened(title)[:TITLE_CHARACTERS] or gettext("Chat"),
                "body": body,
                "url": conversation_path(conversation.pk),
                "seq": newest.seq,
                "texts": {
                    "reply": gettext("Reply"),
                    "read": gettext("Mark as read"),
                    "unsent": gettext("Your answer was not sent"),
                },
                "unread": count_unread(user.pk).total,
            }
        )


def close_content(user: Any, conversation: Conversation) -> bytes:
    """Tells the browser to remove the conversation's notification, because it was read elsewhere.

    Everything up to `seq` has been read. A notification about a later message stays.
    """
    return msgspec.json.encode(
        {
            "type": "close",
            "conversationId": str(conversation.pk),
            "tag": tag_of(conversation.pk),
            "seq": conversation.last_seq,
            "unread": count_unread(user.pk).total,
        }
    )


def sender_name(conversation: Conversation, message: ChatMessage) -> str:
    """Return the sender's name: for customers it is the business's name, and for members the customer's."""
    return name_of_side(conversation, message.sender_side)


def name_of_side(conversation: Conversation, side: str) -> str:
    if side == Side.BUSINESS:
        return conversation.business.name
    return display_name(conversation.customer)


def shortened(text: str) -> str:
    """Return the beginning, in one line. Control characters are left out, because JSON needs six bytes for each."""
    shown = "".join(" " if category(one) == "Cc" else one for one in text[: BODY_CHARACTERS * 2])
    line = " ".join(shown.split())
    return line if len(line) <= BODY_CHARACTERS else f"{line[: BODY_CHARACTERS - 1]}…"


def tag_of(conversation_id: UUID) -> str:
    """Return the conversation's tag in the browser and `Topic` at the push service, which reveals nothing."""
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, b"push topic" + conversation_id.bytes, "sha256").hexdigest()[:32]
