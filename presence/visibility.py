"""Tell the people whom a block hides from each other, or shows again, who is online."""

from __future__ import annotations

from collections.abc import Collection

from django.utils import timezone

from chatsite.realtime import groups
from chatsite.realtime.broadcast import broadcast
from conversations.shared_conversations import Pair
from presence import events, queries


def change_visibility(shown: Collection[Pair], hidden: Collection[Pair]) -> None:
    """Show viewers that people are online whom they see from now on. Whom they no longer see goes offline for them."""
    online, now = queries.online_among({seen for _, seen in (*shown, *hidden)}), timezone.now()
    for viewer, seen in sorted(shown):
        if seen in online:
            broadcast(events.user_online(seen, [groups.user(viewer)]))
    for viewer, seen in sorted(hidden):
        if seen in online:
            broadcast(events.user_offline(seen, now, [groups.user(viewer)]))
