"""What a member's page contains of the team, so that its scripts need not ask for it first.

Nothing of it is in a customer's page.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from conversations.models import Conversation, Label, Membership, Note, Side, TeamGroup, TeamState
from conversations.team.operations import state_or_default
from conversations.team.serializers import (
    group_object,
    label_object,
    member_object,
    note_object,
    state_objects,
)

MOST_BUSINESSES: Final = 3  # the scripts ask for the choices of further ones
MOST_CHOICES: Final = 200  # of a kind, as many as the scripts ask for
MOST_NOTES: Final = 30  # the scripts ask for the notes of a conversation that has more


def team_session(user_id: Any, businesses: list[dict[str, Any]], shown: list[str]) -> dict[str, Any]:
    """Return the choices of the user's businesses, and the team's states of the conversations in the list."""
    ids = [row["id"] for row in businesses]
    states = TeamState.objects.filter(pk__in=map(UUID, shown), business_id__in=ids).exclude(
        conversation__customer_id=user_id
    )
    found = {"choices": _choices(ids[:MOST_BUSINESSES]), "states": state_objects(list(states))}
    session: dict[str, Any] = msgspec.to_builtins(found)
    return session


def _choices(ids: list[str]) -> dict[str, dict[str, list[Any]]]:
    """Return the choices of each kind. Runs one query for each kind, however many businesses there are."""
    choices: dict[str, dict[str, list[Any]]] = {
        key: {"members": [], "groups": [], "labels": []} for key in ids
    }
    for member in Membership.objects.filter(business_id__in=ids).select_related("user").order_by("pk"):
        choices[str(member.business_id)]["members"].append(member_object(member))
    groups = TeamGroup.objects.filter(business_id__in=ids, removed_at=None).order_by("pk")
    for group in groups.prefetch_related("members"):
        choices[str(group.business_id)]["groups"].append(group_object(group))
    for label in Label.objects.filter(business_id__in=ids, removed_at=None).order_by("pk"):
        choices[str(label.business_id)]["labels"].append(label_object(label))
    return {
        key: {kind: rows[:MOST_CHOICES] for kind, rows in kinds.items()} for key, kinds in choices.items()
    }


def notes_data(conversation: Conversation, side: str) -> dict[str, Any] | None:
    """Return the private notes with the `teamRev` of the conversation. None for its customer, and for very many notes.

    The `teamRev` is read first. What is added meanwhile reaches the page as an event, or by `sync`.
    """
    if side != Side.BUSINESS:
        return None
    team_rev = state_or_default(conversation).team_rev
    rows = list(
        Note.objects.filter(conversation=conversation).order_by("-created_team_rev")[: MOST_NOTES + 1]
    )
    if len(rows) > MOST_NOTES:
        return None
    data: dict[str, Any] = msgspec.to_builtins({"teamRev": team_rev, "notes": list(map(note_object, rows))})
    return data
