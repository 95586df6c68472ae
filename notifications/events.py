"""What a user's sockets hear of the user's notifications, on every device."""

from __future__ import annotations

from chatsite.realtime import groups, registry
from chatsite.realtime.events import Event
from chatsite.realtime.hub import Addressed
from notifications.models import Notification
from notifications.serializers import NotificationEvent, ReadAll, notification_object


def notification(
    row: Notification, *, rev: int, unread_count: int, read_all: ReadAll | None = None, in_order: bool = True
) -> Addressed:
    """`in_order` False repeats what was told before; it takes no place in the order of the group's events."""
    data = NotificationEvent(
        notification=notification_object(row),
        rev=rev,
        unread_count=unread_count,
        deleted=row.deleted_at is not None,
        read_all=read_all,
        repeated=not in_order,
    )
    return groups.user(str(row.recipient_id)), Event.of("notification", data, rev=rev if in_order else 0)


registry.event("notification", NotificationEvent, "Every socket of the user.")
