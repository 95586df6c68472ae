"""Read who is online, as far as a user may see it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from conversations.shared_conversations import shares_conversation
from presence import tracker
from presence.models import LastSeen
from presence.serializers import PresenceObject
from presence.store import StoreUnavailable
from presence.stores import get_reader


def presence_of(*, reader_id: str, user_ids: Sequence[str]) -> list[PresenceObject]:
    """Return one row for each id, in their order. Runs two queries and one command of Redis for any number of ids.

    A user who shares no conversation with the reader looks like one who does not exist: offline and never seen. While
    Redis cannot be reached, users without a connection to this process look offline.
    """
    visible = shares_conversation(reader_id, [*set(user_ids)]) | {reader_id}
    visible &= set(user_ids)
    online = online_among(visible)
    rows = LastSeen.objects.filter(user_id__in=visible).values_list("user_id", "at")
    last_seen = {str(user_id): at for user_id, at in rows}
    return [
        PresenceObject(user_id=user_id, online=user_id in online, last_seen=last_seen.get(user_id))
        for user_id in user_ids
    ]


def online_among(user_ids: Collection[str]) -> set[str]:
    here = tracker.connected_here(user_ids)  # these may not have been reported to the store yet
    try:
        return here | get_reader().online(user_ids)
    except StoreUnavailable:  # already logged
        return here
