"""The wire objects of presence. Names are camelCase on the wire, times UTC."""

from __future__ import annotations

from datetime import datetime

import msgspec


class PresenceObject(msgspec.Struct, rename="camel", kw_only=True):
    """`lastSeen` is the end of the user's last time online; null for who never was, or is not ours to see."""

    user_id: str
    online: bool
    last_seen: datetime | None


class PresencePage(msgspec.Struct, kw_only=True):
    """The answer to `GET /presence`: never more than one page."""

    results: list[PresenceObject]
    next: str | None
    previous: str | None


class OnlineEvent(msgspec.Struct, rename="camel", kw_only=True):
    """`user_online`."""

    user_id: str


class OfflineEvent(msgspec.Struct, rename="camel", kw_only=True):
    """`user_offline`."""

    user_id: str
    last_seen: datetime
