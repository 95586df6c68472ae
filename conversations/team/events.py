"""The events of the team's side. They reach the sockets of the business's members, and no others."""

from __future__ import annotations

from uuid import UUID

import msgspec

from chatsite.realtime import groups, registry
from chatsite.realtime.events import Event
from chatsite.realtime.hub import Addressed
from conversations.team.serializers import (
    NoteEvent,
    NoteObject,
    TeamStateEvent,
    TeamStateObject,
    note_event,
)


def team_state_updated(business_id: UUID, shown: TeamStateObject) -> Addressed:
    return groups.business_members(business_id), Event.of("team_state_updated", shown)


def team_state_repeated(business_id: UUID, shown: TeamStateObject) -> Addressed:
    """Return the event again. A client below its `teamRev` has missed a change, even if only one."""
    data = TeamStateEvent(**msgspec.structs.asdict(shown), repeated=True)
    return groups.business_members(business_id), Event.of("team_state_updated", data)


def note_added(business_id: UUID, note: NoteObject) -> Addressed:
    return groups.business_members(business_id), Event.of("note_added", note_event(note))


def note_edited(business_id: UUID, note: NoteObject) -> Addressed:
    return groups.business_members(business_id), Event.of("note_edited", note_event(note))


def note_deleted(business_id: UUID, note: NoteObject) -> Addressed:
    return groups.business_members(business_id), Event.of("note_deleted", note_event(note))


def status_changed(shown: TeamStateObject) -> Addressed:
    """Return what webhooks get of a new status. No client gets this event: see `ChangePart.recorded`."""
    name = "conversation_reopened" if shown.status == "open" else f"conversation_{shown.status}"
    return groups.conversation(shown.conversation_id), Event.of(name, shown)


MEMBERS = "Every socket of the business's members."
registry.event("team_state_updated", TeamStateEvent, MEMBERS, scope="messages:read")
# No scope allows notes.
registry.event("note_added", NoteEvent, MEMBERS)
registry.event("note_edited", NoteEvent, MEMBERS)
registry.event("note_deleted", NoteEvent, MEMBERS)
