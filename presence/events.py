"""The events that a user's contacts receive. The user's own sockets do not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from chatsite.realtime import registry
from chatsite.realtime.events import Event
from chatsite.realtime.hub import Addressed
from presence.serializers import OfflineEvent, OnlineEvent


def user_online(user_id: str, groups: Iterable[str], *, hidden_from: Iterable[str] = ()) -> list[Addressed]:
    event = Event.of(
        "user_online", OnlineEvent(user_id=user_id), exclude_user=_excluded(user_id, hidden_from)
    )
    return [(group, event) for group in groups]


def user_offline(
    user_id: str, last_seen: datetime, groups: Iterable[str], *, hidden_from: Iterable[str] = ()
) -> list[Addressed]:
    data = OfflineEvent(user_id=user_id, last_seen=last_seen)
    event = Event.of("user_offline", data, exclude_user=_excluded(user_id, hidden_from))
    return [(group, event) for group in groups]


def _excluded(user_id: str, hidden_from: Iterable[str]) -> str | list[str]:
    blocked = list(hidden_from)
    return [user_id, *blocked] if blocked else user_id


CONTACTS = "Sockets of users who share a conversation with the user."
registry.event("user_online", OnlineEvent, CONTACTS, scope="contacts:read")
registry.event("user_offline", OfflineEvent, CONTACTS, scope="contacts:read")
