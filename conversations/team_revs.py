"""The `teamRev` of conversations, for the members of the business. The customer's objects never get one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from msgspec import UNSET, UnsetType

from conversations.models import Conversation, TeamState

_KNOWN: Final = "known_team_rev"  # the attribute of a conversation whose `teamRev` has been read
TEAM_REV: Final = Coalesce("team_state__team_rev", 0)  # in a query of conversations


def remember_team_rev(conversation: Conversation, team_rev: int) -> None:
    """Let the objects that are made of this row for the business show its `teamRev`."""
    setattr(conversation, _KNOWN, team_rev)


def team_rev_of(conversation: Conversation) -> int | UnsetType:
    """Return the `teamRev` if it has been read, and if the team has ever changed anything."""
    return getattr(conversation, _KNOWN, 0) or UNSET


def with_team_revs(rows: QuerySet[Conversation]) -> QuerySet[Conversation]:
    """Read the `teamRev` together with the rows."""
    return rows.annotate(**{_KNOWN: TEAM_REV})


def load_team_revs(conversations: Iterable[Conversation]) -> None:
    """Read the `teamRev` of those conversations that do not know theirs yet. One query at most."""
    unknown = {row.pk: row for row in conversations if not hasattr(row, _KNOWN)}
    if not unknown:
        return
    rows = TeamState.objects.filter(conversation_id__in=unknown.keys(), team_rev__gt=0).order_by()
    found = dict(rows.values_list("conversation_id", "team_rev"))
    for key, conversation in unknown.items():
        remember_team_rev(conversation, found.get(key, 0))
