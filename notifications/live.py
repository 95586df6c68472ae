"""What a live session has to do with notifications: their part of `sync`, and catching up after an outage."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from chatsite.database.threads import in_database_thread
from chatsite.http.byte_budget import ByteBudget
from chatsite.realtime import registry
from chatsite.realtime.interfaces import Runtime
from conversations import sync
from conversations.access import UserId, user_key
from conversations.serializers import WireObject
from notifications import events, queries
from notifications.serializers import NotificationObject, UnreadNotifications

BATCH = 500  # users looked up at once


def section(user_id: UserId, data: sync.SyncCommand, budget: ByteBudget) -> dict[str, Any]:
    """`notifications` (new or changed), `notificationsDeleted`, or `notificationsResync`; and how it stands now."""
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
    """Each inbox's `rev`: a client that knows less has missed the last event."""
    revs = queries.inbox_revs(user_ids)
    return {user_id: {"notificationsRev": revs.get(user_id, 0)} for user_id in user_ids}


async def catch_up(runtime: Runtime) -> None:
    """Events may have been lost between the processes: repeat to everybody here the last one that there was.

    A client that knows less sees the gap in `rev` and asks with `sync`.
    """
    users = sorted({session.user_id for session in runtime.sessions if session.user_id})
    for start in range(0, len(users), BATCH):
        keys = [user_key(user_id) for user_id in users[start : start + BATCH]]
        for head in await in_database_thread(queries.inbox_heads, keys):
            group, event = events.notification(
                head.newest, rev=head.rev, unread_count=head.unread_count, in_order=False
            )
            runtime.hub.deliver_here(group, event)


class NotificationsSynced(WireObject, kw_only=True, omit_defaults=True):
    """The notifications' part of `sync`. With `notificationsResync`: fetch them anew."""

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
