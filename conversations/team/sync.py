"""What `sync` adds for members: the team's side of conversations that has changed since a `teamRev`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings

from chatsite.errors import DomainError
from chatsite.http.byte_budget import ByteBudget
from chatsite.realtime import registry
from chatsite.realtime.identity import Identity
from conversations import access, sync
from conversations.access import UserId, object_key
from conversations.models import Conversation, Note, TeamState
from conversations.serializers import WireObject
from conversations.sync import SyncCommand
from conversations.team.serializers import NoteObject, TeamStateObject, note_object, state_objects


class SyncedTeam(WireObject, kw_only=True):
    """The state, and the notes with a higher `teamRev` than the client's. With `resync`, fetch the notes again.

    API keys get no notes. The state's `teamRev` counts those that the key's client has missed.
    """

    state: TeamStateObject
    notes: list[NoteObject] = []
    resync: bool = False


class TeamSyncAnswer(WireObject, kw_only=True, omit_defaults=True):
    """For members: the team's side of each conversation of `team` whose `teamRev` differs from the client's."""

    team: dict[UUID, SyncedTeam] = {}


def team_section(
    user_id: UserId, data: SyncCommand, budget: ByteBudget, identity: Identity | None
) -> dict[str, Any]:
    if not data.team:
        return {}
    limit = settings.CHAT.sync_conversations
    if len(data.team) > limit:
        raise DomainError(
            "too_large", f"A sync can name at most {limit} conversations.", {"field": "team", "limit": limit}
        )
    known = _known(data.team)
    mine = access.load_actor(user_id).businesses
    visible = Conversation.objects.filter(pk__in=known, business_id__in=mine).exclude(customer_id=user_id)
    rows = TeamState.objects.filter(conversation__in=visible.order_by().values("pk"))
    changed = [state for state in rows if state.team_rev != known[state.pk]]
    shown = {one.conversation_id: SyncedTeam(state=one) for one in state_objects(changed)}
    has_notes = identity is None or registry.may_get(identity, "note_added")
    for key, part in shown.items():
        budget.spend(part)
        if has_notes:
            _add_notes(part, known[key], budget)
    return {"team": shown} if shown else {}


def _add_notes(part: SyncedTeam, known_rev: int, budget: ByteBudget) -> None:
    # The state is read before the notes, so no note of its `teamRev` is missing.
    state, most = part.state, settings.CHAT.sync_messages
    if known_rev > state.team_rev:  # the server was restored from a backup
        part.resync = True
        return
    rows = Note.objects.filter(conversation_id=state.conversation_id, team_rev__gt=known_rev)
    notes = budget.take_all(note_object(note) for note in rows.order_by("team_rev")[: most + 1])
    if notes is None or len(notes) > most:
        part.resync = True
    else:
        part.notes = notes


def _known(raw: dict[str, int]) -> dict[UUID, int]:
    found = {}
    for raw_id, team_rev in raw.items():
        try:
            found[object_key(raw_id, "conversation")] = team_rev
        except DomainError:
            continue  # an invalid id is treated like a conversation that does not exist
    return found


sync.sections.append(team_section)
sync.sync_answers.append(TeamSyncAnswer)
