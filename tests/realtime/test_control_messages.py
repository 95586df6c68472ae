"""Control messages close sockets at once. The check of all sockets every two seconds does not run here."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from chatsite.realtime import groups
from chatsite.realtime.events import Event
from chatsite.realtime.revalidation import login_ended, user_ended
from chatsite.realtime.runtime import ProcessRuntime
from conversations import events
from tests.presence.process import eventually
from tests.realtime.seats import seat

pytestmark = pytest.mark.standalone

USER = groups.user("1")


async def codes_after(runtime: ProcessRuntime, event: Event, *logins: str) -> list[int | None]:
    """Return the close codes of one user's sockets, one for each login, after the control message."""
    seats = [await seat(runtime, USER, login) for login in logins]
    sessions, wires = [one for one, _ in seats], [wire for _, wire in seats]
    runtime.hub.publish([(USER, event)])
    await asyncio.gather(*(session._closing for session in sessions if session._closing))
    return [wire.closed_with for wire in wires]


async def test_a_deactivated_users_sockets_close(runtime: ProcessRuntime) -> None:
    assert await codes_after(runtime, user_ended(), "one", "other") == [4401, 4401]


async def test_a_login_that_ended(runtime: ProcessRuntime) -> None:
    assert await codes_after(runtime, login_ended("one"), "one", "other", "one") == [4401, None, 4401]


async def test_a_membership_that_ended(runtime: ProcessRuntime) -> None:
    _, message = events.business_changed(events.MEMBERSHIP_ENDED, 1, uuid4())
    assert await codes_after(runtime, message, "one") == [4403]


async def test_no_control_message_reaches_a_client(runtime: ProcessRuntime) -> None:
    _, wire = await seat(runtime, USER)
    runtime.hub.publish([(USER, Event("~unheard_of", b"null")), (USER, Event("heard_of", b"null"))])
    await eventually(lambda: bool(wire.written))
    assert wire.written == [b'{"event":"heard_of","data":null}']
