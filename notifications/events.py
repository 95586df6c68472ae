"""The event that tells a user's sockets about notifications, on every device."""

from __future__ import annotations

from chatsite.realtime import groups, registry
from chatsite.realtime.events import Event
from chatsite.realtime.hub import Addressed
from notifications.models import Notification
from notifications.serializers import NotificationEvent, ReadAll, notification_object


def notification(
    row: Notification, *, rev: int, unread_count: int, read_all: ReadAll | None = None, in_order: bool = True
) -> Addressed:
    """With `in_order=False`, the event repeats an earlier one and has no place in the group's order."""
    data = NotificationEvent(
        notification=notification_object(row),
        rev=rev,
        unread_count=unread_count,
        deleted=row.deleted_at is not None,
        read_all=read_all,
        repeated=not in_order,
    )
    return groups.user(str(row.recipient_id)), Event.of("notification", data, rev=rev if in_order else 0)


registry.event("notification", NotificationEvent, "Every socket of the user.", scope="messages:read")
