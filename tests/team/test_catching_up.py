"""After an outage of the event bus, members get the states that changed, and see which change they have missed."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

import msgspec
import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.utils import timezone

from chatsite.realtime.events import Event
from chatsite.realtime.interfaces import Runtime
from conversations.team import live
from tests.team.scene import Scene, heard


async def in_this_thread(function: Any, *arguments: Any) -> Any:
    return await sync_to_async(function)(*arguments)


@pytest.mark.django_db
def test_a_repeated_state_says_so() -> None:
    scene = Scene()
    with heard() as events:
        scene.set(scene.member, status="pending")
    first = [data for _, name, data in events if name == "team_state_updated"]
    assert first == [scene.state()]
    scene.post(scene.member, f"{scene.path}/notes", content="Its event is lost.")
    sent: list[tuple[str, str, Any]] = []

    def deliver(group: str, event: Event) -> None:
        sent.append((group, event.name, msgspec.json.decode(event.data)))

    runtime = SimpleNamespace(sessions=[object()], hub=SimpleNamespace(deliver_here=deliver))
    since = timezone.now() - timedelta(minutes=1)
    known = SimpleNamespace(businesses={scene.shop.pk})
    with (
        patch.object(live, "in_database_thread", in_this_thread),
        patch.object(live, "state_of", lambda session: known),
    ):
        async_to_sync(live.catch_up)(cast(Runtime, runtime), since)
    state = scene.state()
    assert state["teamRev"] == 2
    expected = {**state, "repeated": True}
    assert sent == [(f"business.{scene.shop.pk}.members", "team_state_updated", expected)]
