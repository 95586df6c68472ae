"""Read what the business knows of the customer of a conversation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from chatsite.identity.names import display_name, email_of
from conversations.access import UserId
from conversations.models import Conversation, Episode, Label
from conversations.serializers import person_object
from conversations.team.access import member_conversation
from conversations.team.customer.serializers import CustomerPanelObject, PastEpisodeObject
from conversations.team.serializers import label_object

EPISODES: Final = 10

# Functions of other apps that return further fields of the panel. An app adds its own in `AppConfig.ready`.
sources: Final[list[Callable[[Conversation], dict[str, Any]]]] = []


def customer_panel(*, user_id: UserId, conversation_id: str) -> CustomerPanelObject:
    """Return the panel to a member. Raise `not_found` for everybody else."""
    conversation = member_conversation(user_id, conversation_id)
    labels = Label.objects.filter(labelled__state_id=conversation.pk, removed_at=None)
    episodes = Episode.objects.filter(conversation=conversation, measured_at__isnull=False)
    latest = episodes.select_related("agent").order_by("-resolved_at", "-id")[:EPISODES]
    further: dict[str, Any] = {}
    for source in sources:
        further |= source(conversation)
    return CustomerPanelObject(
        conversation_id=conversation.pk,
        customer=person_object(conversation.customer),
        email=email_of(conversation.customer) or None,
        customer_since=conversation.created_at,
        labels=[label_object(label) for label in labels.order_by("name")],
        episodes=[_episode_object(episode) for episode in latest],
        episode_count=episodes.count(),
        **further,
    )


def _episode_object(episode: Episode) -> PastEpisodeObject:
    return PastEpisodeObject(
        id=episode.pk,
        opened_at=episode.opened_at,
        resolved_at=episode.resolved_at,
        agent_id=None if episode.agent_id is None else str(episode.agent_id),
        agent_name=None if episode.agent is None else display_name(episode.agent),
        label_ids=[UUID(key) for key in episode.label_ids],
        customer_messages=episode.customer_messages,
        score=episode.score,
        comment=episode.comment,
    )
