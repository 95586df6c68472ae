"""Show the members of a business which conversation a colleague is viewing or answering. Nothing is stored.

A socket repeats its view every 20 seconds. The others drop a view after 45 seconds without a repeat, so a view ends
even if its process is killed. The first view of a socket asks the others to repeat theirs. Customers neither send nor
receive these events.
"""

from __future__ import annotations

import time
from typing import Final
from uuid import UUID

from django.contrib.auth import get_user_model

from chatsite.database.threads import in_database_thread
from chatsite.errors import DomainError
from chatsite.realtime import groups, registry
from chatsite.realtime.events import Event
from chatsite.realtime.interfaces import Session
from conversations.access import find_conversation, object_key, user_key
from conversations.models import Side
from conversations.payloads import LookAnswer, LookingEvent
from conversations.requests import LookCommand
from conversations.serializers import person_object
from conversations.session_state import AgentView, state_of

VIEWS_REQUESTED: Final = "~who_looks"
REPEAT_SECONDS: Final = 0.1  # a view is repeated at most once in this time, however many colleagues connect


async def set_view(session: Session, data: LookCommand) -> LookAnswer:
    """Set the conversation that the socket shows, or None."""
    state = state_of(session)
    view = state.view
    key = None if data.conversation_id is None else object_key(data.conversation_id, "conversation")
    if view is not None and view.conversation_id != key:
        end_view(session)
        view = None
    if key is not None:
        if view is None:
            view = await in_database_thread(_open_view, session.user_id, key)
        view.answering = data.answering
        state.view = view
        _publish_view(session, view)
    if not state.asked_for_views:
        state.asked_for_views = True
        asked = Event(VIEWS_REQUESTED, b"null", exclude_user=session.user_id)
        colleagues = [groups.business_members(business) for business in state.businesses]
        session.runtime.hub.publish([(group, asked) for group in colleagues])
    return LookAnswer(conversation_id=key, answering=key is not None and data.answering)


def _open_view(user_id: str, conversation_id: UUID) -> AgentView:
    conversation, side = find_conversation(user_key(user_id), conversation_id)
    if side != Side.BUSINESS:
        raise DomainError("forbidden", "Only members of the business can share their view.")
    user = get_user_model()._default_manager.get(pk=user_key(user_id))
    return AgentView(conversation.pk, conversation.business_id, person_object(user).name, False)


def _publish_view(session: Session, view: AgentView, *, ended: bool = False) -> None:
    view.told_at = time.monotonic()
    data = LookingEvent(
        view_id=session.id,
        user_id=session.user_id,
        name=view.name,
        business_id=view.business_id,
        conversation_id=None if ended else view.conversation_id,
        answering=view.answering and not ended,
    )
    event = Event.of("colleague_looking", data, exclude_user=session.user_id)
    session.runtime.hub.publish([(groups.business_members(view.business_id), event)])


def end_view(session: Session) -> None:
    """Tell the colleagues that the view has ended. Also called when the socket closes."""
    state = state_of(session)
    view, state.view = state.view, None
    if view is not None:
        _publish_view(session, view, ended=True)


def repeat_view(session: Session, event: Event) -> None:
    """Repeat the view for a colleague who has just connected."""
    view = state_of(session).view
    if view is not None and time.monotonic() - view.told_at >= REPEAT_SECONDS:
        _publish_view(session, view)


registry.control_handlers[VIEWS_REQUESTED] = repeat_view
registry.closed.append(end_view)
