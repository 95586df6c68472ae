"""Orders close sockets at once; what looks through all sockets every two seconds is not even running here."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from chatsite.realtime import groups
from chatsite.realtime.events import Event
from chatsite.realtime.revalidation import END_LOGIN, END_USER
from chatsite.realtime.runtime import Runtime
from conversations import events
from tests.realtime.seats import seat

pytestmark = pytest.mark.standalone

USER = groups.user("1")


async def codes_after(runtime: Runtime, event: Event, *logins: str) -> list[int | None]:
    """The close codes of one user's sockets, one of each login, once the order has been carried out."""
    wires = [(await seat(runtime, USER, login))[1] for login in logins]
    runtime.hub.publish([(USER, event)])
    await asyncio.gather(*(session._closing for session in runtime.sessions if session._closing))
    return [wire.closed_with for wire in wires]


async def test_a_user_who_is_out(runtime: Runtime) -> None:
    assert await codes_after(runtime, Event(END_USER, b"null"), "one", "other") == [4401, 4401]


async def test_a_login_that_ended(runtime: Runtime) -> None:
    order = Event(END_LOGIN, b"null", note=["one"])
    assert await codes_after(runtime, order, "one", "other", "one") == [4401, None, 4401]


async def test_a_membership_that_ended(runtime: Runtime) -> None:
    _, order = events.order(events.MEMBERSHIP_ENDED, 1, uuid4())
    assert await codes_after(runtime, order, "one") == [4403]


async def test_no_order_reaches_a_client(runtime: Runtime) -> None:
    _, wire = await seat(runtime, USER)
    runtime.hub.publish([(USER, Event("~unheard_of", b"null")), (USER, Event("heard_of", b"null"))])
    await asyncio.sleep(0.01)
    assert wire.written == [b'{"event":"heard_of","data":null}']
