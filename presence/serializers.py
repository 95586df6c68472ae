"""The wire objects of presence."""

from __future__ import annotations

from datetime import datetime

import msgspec


class PresenceObject(msgspec.Struct, rename="camel", kw_only=True):
    """`lastSeen` is null for a user who was never online, and for one who shares no conversation with the reader."""

    user_id: str
    online: bool
    last_seen: datetime | None


class PresencePage(msgspec.Struct, kw_only=True):
    """The answer to `GET /presence`, always one page."""

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
