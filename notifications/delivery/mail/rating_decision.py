"""Decide whether a customer who is away is asked by mail to rate an episode."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from conversations.block_rules import is_blocked
from conversations.models import ChatMessage, Episode, Side, TeamState
from conversations.team.reports.csat import ANSWERED_WITHIN
from notifications.delivery.decisions import Decision, Skip, circumstances_of, decide
from notifications.delivery.models import Channel
from notifications.delivery.unread import Fresh


def find_episode(episode_id: UUID | str) -> Episode:
    rows = Episode.objects.select_related("conversation__business", "conversation__customer")
    return rows.get(pk=episode_id)


def decide_about_rating(episode: Episode, now: datetime) -> Decision:
    """Send, wait or skip, by the conditions of every mail: the question counts as an unread message.

    The reason to skip is `read` if, since the question, the customer has rated, seen it in the chat, written, or read a
    message of the business, or if a member has opened the conversation again.
    """
    conversation = episode.conversation
    if conversation.customer_blocked:
        return Skip("blocked")
    if conversation.frozen_at is not None:
        return Skip("suspended")
    customer = conversation.customer
    known = circumstances_of([customer], [conversation], now)
    question = _open_question(episode, now)
    fresh = None
    if question is not None:
        is_wanted = not is_blocked(conversation, question.sender_id)
        fresh = Fresh(question.created_at, question.seq, question.seq if is_wanted else None)
    return decide(known, Channel.EMAIL, customer, conversation, fresh)


def _open_question(episode: Episode, now: datetime) -> ChatMessage | None:
    """Return the message that asks, unless the question is settled."""
    if episode.asked_at is None or episode.asked_at + ANSWERED_WITHIN < now:
        return None
    if episode.rated_at is not None or episode.seen_at is not None:
        return None
    if not TeamState.objects.filter(pk=episode.conversation_id, status=TeamState.Status.RESOLVED).exists():
        return None
    messages = ChatMessage.objects.filter(conversation=episode.conversation)
    asks = messages.filter(sender_side=Side.SYSTEM, created_at=episode.asked_at, deleted_at=None)
    question = asks.order_by("seq").first()
    if question is None or messages.filter(sender_side=Side.CUSTOMER, seq__gt=question.seq).exists():
        return None
    if messages.filter(sender_side=Side.BUSINESS, read_at__gte=episode.asked_at).exists():
        return None
    return question
