"""People and revisions of conversations, and lists of businesses.

Each function runs a fixed number of queries, however many rows there are. `conversation_list` reads the list of
conversations, and `history` the messages.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.conf import settings
from django.db.models import QuerySet

from chatsite.database.pipeline import among, ask_among
from chatsite.database.text_folding import matches_any
from conversations.access import UserId
from conversations.models import Business, Conversation, Membership, Side
from conversations.serializers import (
    BusinessObject,
    ConversationRevs,
    ParticipantObject,
    person_object,
)
from conversations.team_revs import TEAM_REV

_BATCH = 10_000  # ids per query, because databases limit the parameters of a statement

# --- Conversations ----------------------------------------------------------------------------------------------------


def members(conversation: Conversation) -> QuerySet[Membership]:
    """Return the members of the conversation's business, in the order in which they joined."""
    rows = Membership.objects.select_related("user").filter(business_id=conversation.business_id)
    return rows.order_by("id")


def participants(conversation: Conversation) -> list[ParticipantObject]:
    """Return the customer and the first members, for a page that shows their names."""
    team = members(conversation)[: settings.CHAT.page_most]
    return [
        participant(conversation.customer, Side.CUSTOMER),
        *(participant(member.user, Side.BUSINESS) for member in team),
    ]


def participant(user: Any, side: Side) -> ParticipantObject:
    return ParticipantObject(id=str(user.pk), name=person_object(user).name, side=side.value)  # type: ignore[arg-type]


class Revisions(NamedTuple):
    """How far a conversation has come, and whose it is."""

    last_seq: int
    rev: int
    team_rev: int = 0
    customer_id: UserId = None

    def revs_for(self, user_id: UserId, state_rev: int | msgspec.UnsetType) -> ConversationRevs:
        """Return the revisions as somebody sees them who has joined. Everybody who is not the customer is a member."""
        of_team = self.team_rev if self.team_rev and user_id != self.customer_id else msgspec.UNSET
        return ConversationRevs(last_seq=self.last_seq, rev=self.rev, state_rev=state_rev, team_rev=of_team)


def latest_revisions(conversation_ids: Collection[UUID]) -> dict[UUID, Revisions]:
    """Return the revisions of the conversations. One query for each 10,000. The caller checks access."""
    keys, found = list(conversation_ids), {}
    for start in range(0, len(keys), _BATCH):
        for key, *revisions in ask_among(_revisions_of, keys[start : start + _BATCH])():
            found[key] = Revisions(*revisions)
    return found


def _revisions_of(keys: Collection[UUID]) -> QuerySet[Any, Any]:
    rows = Conversation.objects.filter(pk__in=among(Conversation._meta.pk, keys)).order_by()
    return rows.values_list("pk", "last_seq", "rev", TEAM_REV, "customer_id")


def latest_revision_of_each(conversation_ids: list[UUID]) -> list[Revisions]:
    """Like `latest_revisions`, in the given order. A missing conversation has zeros."""
    found = latest_revisions(set(conversation_ids))
    return [found.get(key, Revisions(0, 0)) for key in conversation_ids]


# --- Businesses -------------------------------------------------------------------------------------------------------


def businesses(search: str) -> QuerySet[Business]:
    """Return the directory of businesses for customers, by name."""
    found = Business.objects.order_by("name", "id")
    return found.filter(matches_any(search, "name", "slug")) if search else found


class MembershipObject(BusinessObject, kw_only=True):
    """A business with the user's role in it."""

    role: str


def memberships(user_id: UserId) -> list[MembershipObject]:
    rows = Membership.objects.select_related("business").filter(user_id=user_id).order_by("business__name")
    return [
        MembershipObject(id=row.business.pk, name=row.business.name, slug=row.business.slug, role=row.role)
        for row in rows
    ]
