"""The types of webhook events, `noun.verb`, by the name of the event that clients get."""

from __future__ import annotations

from typing import Final

EVERY_TYPE: Final = "*"
TEST: Final = "webhook.test"  # sent only by the test button
CONTACT_ERASED: Final = "contact.erased"

_TYPES: Final[dict[str, str]] = {
    "attachment_updated": "attachment.updated",
    "conversation_created": "conversation.created",
    "conversation_pending": "conversation.pending",
    "conversation_reopened": "conversation.reopened",
    "conversation_resolved": "conversation.resolved",
    "conversation_snoozed": "conversation.snoozed",
    "message_deleted": "message.deleted",
    "message_edited": "message.edited",
    "messages_delivered": "messages.delivered",
    "messages_read": "messages.read",
    "new_message": "message.created",
    "reactions_updated": "reactions.updated",
}


def declare(event: str, type_name: str) -> None:
    """Give a client event its type. Apps call this in `AppConfig.ready`, for events that everybody who joined gets."""
    if event in _TYPES:
        raise ValueError(f"The event {event!r} has a webhook type already.")
    _TYPES[event] = type_name


def type_of(event: str) -> str | None:
    return _TYPES.get(event)


def names() -> list[str]:
    """Return the types that an endpoint can ask for."""
    return sorted({*_TYPES.values(), CONTACT_ERASED})
