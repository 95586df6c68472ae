"""After an outage of the event bus, every client gets the latest `rev` of its inbox."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.utils import timezone

from chatsite.realtime.events import Event
from chatsite.realtime.interfaces import Runtime
from notifications import live
from notifications.operations import delete_notification, mark_read, notify
from tests.notifications.conftest import Town


class FakeHub:
    def __init__(self) -> None:
        self.delivered: dict[str, tuple[dict[str, Any], int]] = {}

    def deliver_here(self, group: str, event: Event) -> None:
        self.delivered[group] = (msgspec.json.decode(event.data, type=dict[str, Any]), event.rev)


class FakeSession:
    """The parts of a session that catching up uses."""

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run database work in the test's thread, which has its transaction."""
    monkeypatch.setattr(live, "in_database_thread", sync_to_async_call)


async def sync_to_async_call(function: Callable[..., Any], *arguments: Any) -> Any:
    return await sync_to_async(function)(*arguments)


def test_the_newest_is_repeated_under_the_present_rev(town: Town, one_thread: None) -> None:
    first = notify(recipient_id=town.carol.pk, type="system", title="first")
    notify(recipient_id=town.carol.pk, type="system", title="second")
    mark_read(user_id=town.carol.pk, notification_id=first.id)
    gone = notify(recipient_id=town.amir.pk, type="system", title="gone")
    delete_notification(user_id=town.amir.pk, notification_id=gone.id)
    hub = FakeHub()
    users = (town.carol, town.carol, town.amir, town.olivia)
    sessions = {FakeSession(str(user.pk)) for user in users}

    async_to_sync(live.catch_up)(cast(Runtime, SimpleNamespace(sessions=sessions, hub=hub)), timezone.now())

    assert hub.delivered.keys() == {f"user.{town.carol.pk}", f"user.{town.amir.pk}"}
    carols, order = hub.delivered[f"user.{town.carol.pk}"]
    assert (carols["notification"]["title"], carols["rev"], carols["unreadCount"]) == ("second", 3, 1)
    assert order == 0  # a repetition takes no place in the order of the group
    amirs, _ = hub.delivered[f"user.{town.amir.pk}"]
    assert (amirs["deleted"], amirs["rev"], amirs["unreadCount"]) == (True, 2, 0)
