"""Send members the team's side again after an outage, because events between processes may be lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from chatsite.database.threads import in_database_thread
from chatsite.realtime import registry
from chatsite.realtime.events import Event
from chatsite.realtime.hub import Addressed
from chatsite.realtime.interfaces import Runtime, Session
from conversations.live import DROPPED_EARLIER
from conversations.models import TeamState
from conversations.session_state import state_of
from conversations.team import events
from conversations.team.serializers import state_objects


async def catch_up(runtime: Runtime, since: datetime) -> None:
    await _resend_states(runtime.sessions, since, runtime.hub.deliver_here)


async def catch_up_session(session: Session, since: datetime) -> None:
    def deliver(group: str, event: Event) -> None:
        if group in session.groups:
            session.deliver(event)

    await _resend_states([session], since - DROPPED_EARLIER, deliver)


async def _resend_states(
    sessions: Iterable[Session], since: datetime, deliver: Callable[[str, Event], None]
) -> None:
    """Send each state again. A client with a lower `teamRev` has missed something and calls `sync`."""
    businesses = {key for session in sessions for key in state_of(session).businesses}
    if not businesses:
        return
    for group, event in await in_database_thread(_states_since, since, businesses):
        deliver(group, event)


def _states_since(moment: datetime, businesses: set[UUID]) -> list[Addressed]:
    rows = list(TeamState.objects.filter(business_id__in=businesses, updated_at__gte=moment, team_rev__gt=0))
    return [
        events.team_state_repeated(state.business_id, shown)
        for state, shown in zip(rows, state_objects(rows), strict=True)
    ]


registry.restored.append(catch_up)
registry.caught_up.append(catch_up_session)
registry.recoverable.add("team_state_updated")
