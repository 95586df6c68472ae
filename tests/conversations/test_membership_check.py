"""The periodic check finds memberships that ended without an event, while memberships begin and end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from pytest_django import Settings

from chatsite.realtime import groups
from chatsite.realtime.identity import Identity
from chatsite.realtime.runtime import ProcessRuntime
from chatsite.realtime.session import LiveSession
from chatsite.realtime.transport import Close
from conversations import live
from conversations.live import _check_memberships
from conversations.session_state import state_of
from tests.presence.process import eventually
from tests.realtime.seats import Wire

pytestmark = pytest.mark.standalone

MEMBER = "1"
Happens = Callable[[], None]


@pytest.fixture
async def runtime(settings: Settings) -> AsyncIterator[ProcessRuntime]:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    runtime = ProcessRuntime()
    yield runtime
    await runtime.stop()


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[[set[UUID], Happens], None]:
    """Set what the database answers, and what happens before its answer arrives."""

    def answer(businesses: set[UUID], meanwhile: Happens = lambda: None) -> None:
        async def asked(function: Any, users: Any) -> dict[str, set[UUID]]:
            meanwhile()
            return {MEMBER: businesses} if businesses else {}

        monkeypatch.setattr(live, "in_database_thread", asked)

    return answer


def seat(runtime: ProcessRuntime, *businesses: UUID) -> tuple[LiveSession, Wire]:
    wire = Wire()
    session = LiveSession(wire, runtime)
    session.identity, session.user_id = Identity(MEMBER, "", None), MEMBER
    state = state_of(session)
    state.businesses, state.is_open = frozenset(businesses), True
    runtime.sessions.add(session)
    return session, wire


async def test_a_membership_that_ended_closes(runtime: ProcessRuntime, answers: Any) -> None:
    _, wire = seat(runtime, uuid4())
    answers(set())
    await _check_memberships(runtime)
    await eventually(lambda: wire.closed_with is not None)
    assert wire.closed_with == Close.ACCESS_CHANGED


async def test_one_that_begins_while_the_database_is_asked_has_not_ended(
    runtime: ProcessRuntime, answers: Any
) -> None:
    """A new member joins a conversation between the answer of the database and its arrival."""
    session, _ = seat(runtime)
    answers(set(), lambda: live.add_business(session, uuid4()))
    await _check_memberships(runtime)
    assert not session.is_closing


async def test_one_that_nobody_announced_is_taken_up(runtime: ProcessRuntime, answers: Any) -> None:
    session, _ = seat(runtime)
    business = uuid4()
    answers({business})
    await _check_memberships(runtime)
    assert state_of(session).businesses == {business}
    assert groups.business_members(business) in session.groups


async def test_a_socket_that_closes_meanwhile_leaves_nothing_behind(
    runtime: ProcessRuntime, answers: Any
) -> None:
    session, _ = seat(runtime)
    answers({uuid4()}, lambda: runtime.sessions.discard(session))
    await _check_memberships(runtime)
    assert session.groups == []
