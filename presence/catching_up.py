"""After an outage, tell local sockets who came and went in it, and who is hidden from them by a new block."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.utils import timezone

from chatsite.database.threads import in_database_thread
from chatsite.realtime import groups
from chatsite.realtime.hub import Addressed
from chatsite.realtime.interfaces import Runtime
from conversations.access import user_key
from conversations.blocks.recent import hidden_since
from presence import events, tracker
from presence.announcements import BATCH, address, audience_of
from presence.models import LastSeen
from presence.stores import get_reader


async def catch_up(runtime: Runtime, since: datetime) -> None:
    changed = sorted(await in_database_thread(get_reader().changed_since, since))
    for start in range(0, len(changed), BATCH):
        for group, event in await in_database_thread(_present, changed[start : start + BATCH]):
            runtime.hub.deliver_here(group, event)
    viewers = sorted({session.user_id for session in runtime.sessions if session.user_id})
    for start in range(0, len(viewers), BATCH):
        for group, event in await in_database_thread(_hidden, since, viewers[start : start + BATCH]):
            runtime.hub.deliver_here(group, event)


def _present(user_ids: Sequence[str]) -> list[Addressed]:
    """Announce again whether these users are online. An error of the store is raised, so this is tried again."""
    rows = LastSeen.objects.filter(user_id__in=[user_key(user_id) for user_id in user_ids])
    last_seen = {str(user_id): at for user_id, at in rows.values_list("user_id", "at")}
    audience = audience_of(user_ids)
    online = _online(user_ids)
    offline = {user_id: at for user_id, at in last_seen.items() if user_id not in online}
    return address({**dict.fromkeys(sorted(online)), **offline}, audience)


def _online(user_ids: Collection[str]) -> set[str]:
    return tracker.connected_here(user_ids) | get_reader().online(user_ids) if user_ids else set()


def _hidden(since: datetime, viewers: Sequence[str]) -> list[Addressed]:
    hidden = hidden_since(since, [user_key(viewer) for viewer in viewers])
    online, now = _online({seen for _, seen in hidden}), timezone.now()
    return [
        addressed
        for viewer, seen in sorted(hidden)
        if seen in online
        for addressed in events.user_offline(seen, now, [groups.user(viewer)])
    ]
