"""Where people can be reached: their mail addresses and subscribed browsers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.conf import settings

from chatsite.identity.names import email_field
from notifications.delivery.models import Channel, PushSubscription


def is_set_up(channel: str) -> bool:
    """Whether the site has what it needs to send on the channel."""
    if channel == Channel.PUSH:
        return bool(settings.VAPID_PRIVATE_KEY)
    return bool(settings.CHAT_SENDS_MAIL)


def email_of(user: Any) -> str:
    """The person's mail address, or "". Addresses at `.invalid` are those of guests and of erased people."""
    address = str(getattr(user, email_field() or "", "") or "")
    return "" if address.endswith(".invalid") or "@" not in address else address


class Addresses:
    """The addresses of several people, read with one query."""

    def __init__(self, users: Collection[Any]) -> None:
        self._devices: dict[Any, list[PushSubscription]] = defaultdict(list)
        if is_set_up(Channel.PUSH):
            rows = PushSubscription.objects.filter(user_id__in={user.pk for user in users})
            for row in rows.order_by("pk"):
                self._devices[row.user_id].append(row)

    def is_set_up(self, channel: str) -> bool:
        return is_set_up(channel)

    def email_of(self, user: Any) -> str:
        return email_of(user)

    def devices_of(self, user: Any) -> list[PushSubscription]:
        return self._devices.get(user.pk, [])
