"""Ask a customer how it went, once for each episode, and keep the answer."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone

from chatsite.errors import not_found
from conversations import access
from conversations.access import UserId, find_conversation, require_open, require_owner
from conversations.block_rules import require_unblocked, takes_automatic_messages
from conversations.models import Conversation, CsatSettings, Episode, Side, TeamState
from conversations.team.access import member_business
from conversations.team.change import TeamPart
from conversations.team.reports.requests import CsatBody, CsatObject, CsatSettingsObject
from conversations.validation import check_storable
from conversations.writing.conversation_change import change_conversations
from conversations.writing.sends import append_system_message

# Called inside the transaction in which a customer is asked, with the conversation and the key of the episode.
rating_asked: Final[list[Callable[[Conversation, UUID], None]]] = []

QUESTION: Final = "How did we do? Please rate this conversation."
ANSWERED_WITHIN: Final = timedelta(days=14)


def read_settings(*, user_id: UserId, business_id: str) -> CsatSettingsObject:
    found = CsatSettings.objects.filter(business=member_business(user_id, business_id)).first()
    return (
        CsatSettingsObject(enabled=found.enabled, question=found.question)
        if found
        else CsatSettingsObject(enabled=False)
    )


def set_settings(*, user_id: UserId, business_id: str, body: CsatSettingsObject) -> CsatSettingsObject:
    """Only owners of the business can do this."""
    business = require_owner(user_id, business_id)
    check_storable(body.question, field="question")
    chosen = CsatSettingsObject(enabled=body.enabled, question=body.question.strip())
    CsatSettings.objects.update_or_create(
        business=business,
        defaults={"enabled": chosen.enabled, "question": chosen.question, "updated_at": timezone.now()},
    )
    return chosen


def ask_for_rating(episode_id: UUID) -> None:
    """Ask in the conversation, if the business asks for ratings and a person has answered in the episode."""
    episode = Episode.objects.get(pk=episode_id)
    chosen = CsatSettings.objects.filter(business=episode.business_id, enabled=True).first()
    if chosen is None or not episode.answers:
        return
    with change_conversations() as change:
        for conversation in change.lock([episode.conversation_id]):
            if not takes_automatic_messages(conversation):
                continue
            if conversation.last_seq != episode.last_seq:
                continue  # the customer has written again
            if change.parts.get(TeamPart).state_of(conversation).status != TeamState.Status.RESOLVED:
                continue  # a member has opened it again
            if Episode.objects.filter(pk=episode.pk, asked_at=None).update(asked_at=change.now):
                append_system_message(change, conversation, chosen.question or QUESTION)
                for tell in rating_asked:
                    tell(conversation, episode.pk)


def read_rating(*, user_id: UserId, conversation_id: str) -> CsatObject:
    """Return the open question to the customer, and the rating. Raise `not_found` for everybody else."""
    return _rating(*_open_question(user_id, conversation_id))


def note_questions_seen(seen: Collection[tuple[UserId, UUID]]) -> None:
    """Remember that users have looked at conversations. Those who are the customers saw the open question there."""
    asked = Episode.objects.filter(
        conversation__in={key for _, key in seen},
        asked_at__gte=timezone.now() - ANSWERED_WITHIN,
        rated_at=None,
        seen_at=None,
    )
    known = set(seen)
    rows = asked.order_by().values_list("pk", "conversation__customer_id", "conversation_id")
    of_customers = [key for key, customer_id, where in rows if (customer_id, where) in known]
    if of_customers:
        Episode.objects.filter(pk__in=of_customers).update(seen_at=timezone.now())


def rate(
    *, user_id: UserId, conversation_id: str, body: CsatBody, episode_id: UUID | None = None
) -> CsatObject:
    """Keep the rating. A later one replaces it for as long as the question is open.

    With `episode_id`, raise `not_found` if the open question is about another episode.
    """
    check_storable(body.comment, field="comment")
    access.load_actor(user_id)
    conversation, episode = _open_question(user_id, conversation_id)
    if episode is None or episode_id not in (None, episode.pk):
        raise not_found("question")
    require_unblocked(conversation, user_id)
    require_open(conversation)
    episode.score, episode.comment, episode.rated_at = body.score, body.comment.strip(), timezone.now()
    episode.save(update_fields=["score", "comment", "rated_at"])
    return _rating(conversation, episode)


def _open_question(user_id: UserId, conversation_id: str) -> tuple[Conversation, Episode | None]:
    """Return the conversation, and the episode of the latest question if that is still open."""
    conversation, side = find_conversation(user_id, conversation_id)
    if side != Side.CUSTOMER:
        raise not_found("question")
    asked = Episode.objects.filter(conversation=conversation, asked_at__gte=timezone.now() - ANSWERED_WITHIN)
    return conversation, asked.order_by("-asked_at").first()


def _rating(conversation: Conversation, episode: Episode | None) -> CsatObject:
    return CsatObject(
        conversation_id=conversation.pk,
        asked_at=episode.asked_at if episode else None,
        score=episode.score if episode else None,
        comment=episode.comment if episode else "",
        rated_at=episode.rated_at if episode else None,
    )
