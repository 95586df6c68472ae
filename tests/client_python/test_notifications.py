"""Each notification arrives once, whether the client was connected or not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from business_chat_client import EventStream, NotificationArrived, NotificationChanged, NotificationGone
from business_chat_client.events import ClientEvent
from tests.client_python.conftest import Connect
from tests.harness.backend import Deployment
from tests.harness.cast import Cast
from tests.harness.patience import patience

pytestmark = pytest.mark.fleet


async def first(stream: EventStream[ClientEvent], is_it: Callable[[ClientEvent], bool]) -> ClientEvent:
    async with asyncio.timeout(patience(10)):
        async for event in stream:
            if is_it(event):
                return event
    raise AssertionError("the stream has ended")


async def test_an_invitation_arrives_and_is_read_and_deleted(
    cast: Cast, deployment: Deployment, connect: Connect
) -> None:
    newcomer = await cast.newcomer()
    client = await connect(newcomer, deployment)
    events = client.events()
    await cast.olivia.rest.post(
        "/team/invitations", {"businessId": cast.business_id, "username": newcomer.name}
    )
    arrived = await first(events, lambda event: isinstance(event, NotificationArrived))
    assert isinstance(arrived, NotificationArrived)
    notification = arrived.notification
    assert [found.id async for found in client.notifications(unread=True)] == [notification.id]
    assert await client.unread_notifications() == 1

    assert (await client.read_notification(notification.id)).read_at is not None
    await first(events, lambda event: isinstance(event, NotificationChanged))
    await client.delete_notification(notification.id)
    assert await first(events, lambda event: isinstance(event, NotificationGone)) == NotificationGone(
        notification.id
    )
    assert [found async for found in client.notifications()] == []
