"""Which conversation a member of a business looks at or answers, for the colleagues. Nothing is stored.

A socket says what it looks at and says it again every 20 seconds; who has heard nothing for 45 forgets it, so that a
view of a killed process ends by itself. A socket that looks for the first time asks the others to say it once more.
Customers neither send nor hear any of this.
"""

from __future__ import annotations

import time
from typing import Final
from uuid import UUID

import msgspec
from django.contrib.auth import get_user_model

from chatsite.database.threads import in_database_thread
from chatsite.errors import DomainError
from chatsite.realtime import groups, registry
from chatsite.realtime.events import Event
from chatsite.realtime.session import Session
from conversations.access import find_conversation, object_key, user_key
from conversations.models import Side
from conversations.requests import LookCommand
from conversations.serializers import LookAnswer, LookingEvent, person_object

ASKED: Final = "~who_looks"
REPEAT_SECONDS: Final = 0.1  # however many colleagues arrive at once, a view is repeated once in this time


class _View(msgspec.Struct):
    """What one socket looks at."""

    conversation_id: UUID
    business_id: UUID
    name: str
    answering: bool
    told_at: float = 0.0


async def look(session: Session, data: LookCommand) -> LookAnswer:
    """Take the socket's view to the conversation, or (None) away from all."""
    view: _View | None = session.state.get("view")
    key = None if data.conversation_id is None else object_key(data.conversation_id, "conversation")
    if view is not None and view.conversation_id != key:
        end_view(session)
        view = None
    if key is not None:
        if view is None:
            view = await in_database_thread(_open_view, session.user_id, key)
        view.answering = data.answering
        session.state["view"] = view
        _tell(session, view)
    if not session.state.get("view_asked"):
        session.state["view_asked"] = True
        asked = Event(ASKED, b"null", exclude_user=session.user_id)
        spoken_for = session.state.get("speaks_for", set())
        session.runtime.hub.publish([(groups.business_members(business), asked) for business in spoken_for])
    return LookAnswer(conversation_id=key, answering=key is not None and data.answering)


def _open_view(user_id: str, conversation_id: UUID) -> _View:
    conversation, side = find_conversation(user_key(user_id), conversation_id)
    if side != Side.BUSINESS:
        raise DomainError("forbidden", "Only members of the business show what they look at.")
    user = get_user_model()._default_manager.get(pk=user_key(user_id))
    return _View(conversation.pk, conversation.business_id, person_object(user).name, False)


def _tell(session: Session, view: _View, *, ended: bool = False) -> None:
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
    """Also when the socket is gone."""
    view: _View | None = session.state.pop("view", None)
    if view is not None:
        _tell(session, view, ended=True)


def repeat_view(session: Session, event: Event) -> None:
    """A colleague has come who does not know it yet."""
    view: _View | None = session.state.get("view")
    if view is not None and time.monotonic() - view.told_at >= REPEAT_SECONDS:
        _tell(session, view)


registry.orders[ASKED] = repeat_view
registry.closed.append(end_view)
