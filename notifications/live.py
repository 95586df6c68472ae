"""Connect live sessions to notifications: their part of `sync` and `heartbeat`, and catching up after outages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from chatsite.database.threads import in_database_thread
from chatsite.http.byte_budget import ByteBudget
from chatsite.realtime import registry
from chatsite.realtime.events import Event
from chatsite.realtime.identity import Identity
from chatsite.realtime.interfaces import Runtime, Session
from conversations import sync
from conversations.access import UserId, user_key
from conversations.serializers import WireObject
from notifications import events, queries
from notifications.serializers import NotificationObject, UnreadNotifications

BATCH = 500  # users looked up at once


def section(
    user_id: UserId, data: sync.SyncCommand, budget: ByteBudget, identity: Identity | None
) -> dict[str, Any]:
    """Return changed and deleted notifications or `notificationsResync`, with the current `rev` and unread count."""
    changes = queries.changes_after(user_id, data.notifications_after, budget)
    answer: dict[str, Any] = {
        "notifications": changes.changed,
        "notificationsDeleted": changes.deleted,
        "notificationsRev": changes.rev,
        "notificationsUnread": queries.unread(user_id),
    }
    if changes.resync:
        answer["notificationsResync"] = True
    return answer


def heartbeat_section(user_ids: Collection[UserId]) -> dict[UserId, dict[str, Any]]:
    """Return each inbox's `rev`. A client with a lower one has missed the last event."""
    revs = queries.inbox_revs(user_ids)
    return {user_id: {"notificationsRev": revs.get(user_id, 0)} for user_id in user_ids}


async def catch_up(runtime: Runtime, since: datetime) -> None:
    """Repeat the last event to every local user after an outage, because events between processes may be lost."""
    await _repeat_last({session.user_id for session in runtime.sessions}, runtime.hub.deliver_here)


async def catch_up_session(session: Session, since: datetime) -> None:
    """Repeat the last event to one session, which was owed more than its socket could take."""
    await _repeat_last({session.user_id}, lambda group, event: session.deliver(event))


async def _repeat_last(user_ids: Iterable[str], deliver: Callable[[str, Event], None]) -> None:
    """Repeat each user's last event. A client that missed an event sees the gap in `rev` and calls `sync`."""
    users = sorted(filter(None, user_ids))
    for start in range(0, len(users), BATCH):
        keys = [user_key(user_id) for user_id in users[start : start + BATCH]]
        for state in await in_database_thread(queries.inbox_states, keys):
            group, event = events.notification(
                state.newest, rev=state.rev, unread_count=state.unread_count, in_order=False
            )
            deliver(group, event)


class NotificationsSynced(WireObject, kw_only=True, omit_defaults=True):
    """The notifications' part of `sync`. With `notificationsResync`, the client fetches the list again."""

    notifications: list[NotificationObject]
    notifications_deleted: list[UUID]
    notifications_rev: int
    notifications_unread: UnreadNotifications
    notifications_resync: bool = False


class NotificationsHead(WireObject, kw_only=True):
    """The notifications' part of `heartbeat`."""

    notifications_rev: int


sync.sync_answers.append(NotificationsSynced)
sync.heartbeat_answers.append(NotificationsHead)
sync.sections.append(section)
sync.heartbeat_sections.append(heartbeat_section)
registry.restored.append(catch_up)
registry.caught_up.append(catch_up_session)
registry.recoverable.add("notification")
