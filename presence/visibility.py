"""Change the presence that a group sees when it has been blocked or unblocked."""

from __future__ import annotations

from django.utils import timezone

from chatsite.database.after_commit import after_commit
from chatsite.realtime.broadcast import broadcast
from presence import events, queries


def change_visibility(user_ids: list[str], group: str, visible: bool) -> None:
    """After the COMMIT, show those of these people who are online to the group, or hide them if not `visible`."""
    after_commit(_tell, user_ids, group, visible)


def _tell(user_ids: list[str], group: str, visible: bool) -> None:
    now = timezone.now()
    for user_id in sorted(queries.online_among(user_ids)):
        if visible:
            broadcast(events.user_online(user_id, [group]))
        else:
            broadcast(events.user_offline(user_id, now, [group]))
