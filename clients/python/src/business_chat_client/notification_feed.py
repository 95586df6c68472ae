"""The client's position in its user's notifications.

After an outage the server repeats the newest notification with the inbox's current `rev`, so a push only shows that
something has changed. `sync` returns the changes, so each is reported once and none is lost.
"""

from __future__ import annotations

from collections.abc import Mapping

from business_chat_client.events import (
    ClientEvent,
    NotificationArrived,
    NotificationChanged,
    NotificationGone,
    Resumed,
)
from business_chat_client.objects import Notification
from business_chat_client.pushes import SyncAnswer


class NotificationFeed:
    def __init__(self) -> None:
        self.rev: int | None = None  # everything up to here was reported; None before the first sync
        self.seen = 0  # the highest rev seen
        self._read: dict[str, bool] = {}  # notification id → whether it has been read

    @property
    def is_behind(self) -> bool:
        return self.rev is not None and self.rev < self.seen

    @property
    def place(self) -> dict[str, str]:
        """The position for a sync."""
        return {} if self.rev is None else {"notificationsAfter": str(self.rev)}

    def take(self, answer: SyncAnswer, place: Mapping[str, str]) -> list[ClientEvent]:
        """Apply the answer of a sync. The notifications of the first sync are not new, so they cause no events.

        `place` is the position that the client sent. A server below it was restored from a backup.
        """
        if answer.notifications_rev < int(place.get("notificationsAfter", "0")):
            self.rev = self.seen = answer.notifications_rev
            self._read.clear()
            return [Resumed()]
        if self.rev is not None and answer.notifications_rev <= self.rev:
            return []
        is_first, self.rev = self.rev is None, answer.notifications_rev
        self.seen = max(self.seen, self.rev)
        if answer.notifications_resync and not is_first:
            self._read.clear()
            return [Resumed()]
        events: list[ClientEvent] = []
        for notification in answer.notifications:
            events += self._change(notification)
        for notification_id in answer.notifications_deleted:
            if self._read.pop(notification_id, None) is not None:
                events.append(NotificationGone(notification_id))
        return [] if is_first else events

    def _change(self, notification: Notification) -> list[ClientEvent]:
        known, is_read = self._read.get(notification.id), notification.read_at is not None
        self._read[notification.id] = is_read
        if known is None and not is_read:
            return [NotificationArrived(notification)]
        return [NotificationChanged(notification)] if known != is_read else []
