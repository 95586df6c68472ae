"""The `teamRev` of conversations, for the members of the business. The customer's objects never get one."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from msgspec import UNSET, UnsetType

from conversations.models import Conversation, TeamState

_KNOWN: Final = "known_team_rev"  # the attribute of a conversation whose `teamRev` has been read


def remember_team_rev(conversation: Conversation, team_rev: int) -> None:
    """Let the objects that are made of this row for the business show its `teamRev`."""
    setattr(conversation, _KNOWN, team_rev)


def team_rev_of(conversation: Conversation) -> int | UnsetType:
    """Return the `teamRev` if it has been read, and if the team has ever changed anything."""
    return getattr(conversation, _KNOWN, 0) or UNSET


def with_team_revs(rows: QuerySet[Conversation]) -> QuerySet[Conversation]:
    """Read the `teamRev` together with the rows."""
    return rows.annotate(**{_KNOWN: Coalesce("team_state__team_rev", 0)})


def load_team_revs(conversations: Iterable[Conversation]) -> None:
    """Read the `teamRev` of those conversations that do not know theirs yet. One query at most."""
    unknown = {row.pk: row for row in conversations if not hasattr(row, _KNOWN)}
    if not unknown:
        return
    found = dict(_revs(unknown.keys()).values_list("conversation_id", "team_rev"))
    for key, conversation in unknown.items():
        remember_team_rev(conversation, found.get(key, 0))


def latest_team_revs(conversation_ids: Collection[UUID]) -> dict[UUID, tuple[Any, int]]:
    """By conversation: its customer, who must not see it, and the `teamRev`. One query."""
    rows = _revs(conversation_ids).values_list("conversation_id", "conversation__customer_id", "team_rev")
    return {key: (customer_id, team_rev) for key, customer_id, team_rev in rows}


def _revs(conversation_ids: Collection[UUID]) -> Any:
    return TeamState.objects.filter(conversation_id__in=conversation_ids, team_rev__gt=0).order_by()
