"""After an outage a socket hears what its user may hear now, although no control message told it of blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from chatsite.realtime import groups
from chatsite.realtime.identity import Identity
from chatsite.realtime.runtime import ProcessRuntime
from chatsite.realtime.session import LiveSession
from conversations import live
from conversations.blocks import sessions
from conversations.session_state import state_of
from tests.conversations.people import business, client_of, conversation, person
from tests.realtime.seats import Wire

pytestmark = pytest.mark.django_db


class Scene:
    def __init__(self) -> None:
        self.member, self.customer = person(), person()
        self.shop = business(self.member)
        self.where = conversation(self.shop, self.customer)

    def change(self, who: User, method: str, whom: User) -> None:
        """Change a block, as another process does whose control messages are lost."""
        getattr(client_of(who), method)(f"/chat/blocks/{whom.pk}")

    @property
    def customers(self) -> str:
        return groups.business_customers(self.shop.pk)


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Scene:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    for module in (sessions, live):
        monkeypatch.setattr(module, "in_database_thread", in_test_thread)
    return Scene()


async def in_test_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    """Run database work in the test's thread, which has its transaction."""
    return await sync_to_async(function)(*arguments)


class Process(ProcessRuntime):
    """Asks the database in the test's thread."""

    async def ask(self, answer: Any, question: Any) -> Any:
        (found,) = await in_test_thread(answer, [question])
        return found


async def open_socket(process: ProcessRuntime, user: User) -> LiveSession:
    session = LiveSession(Wire(), process)
    session.identity, session.user_id = Identity(str(user.pk), "", None), str(user.pk)
    process.sessions.add(session)
    await live.open_groups(session)
    return session


@async_to_sync
async def _see_blocks_that_nobody_told(scene: Scene) -> None:
    process = Process()
    session = await open_socket(process, scene.customer)
    state_of(session).joined[scene.where.pk] = None
    assert scene.customers in session.groups
    await in_test_thread(scene.change, scene.member, "put", scene.customer)
    await sessions.catch_up(process, timezone.now())
    assert scene.customers not in session.groups
    assert state_of(session).silenced == {scene.where.pk}
    await in_test_thread(scene.change, scene.member, "delete", scene.customer)
    await sessions.catch_up(process, timezone.now())
    assert scene.customers in session.groups
    assert not state_of(session).silenced


def test_a_customer_who_was_blocked_no_longer_watches(scene: Scene) -> None:
    _see_blocks_that_nobody_told(scene)


@async_to_sync
async def _be_told_during_the_query(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process()
    session = await open_socket(process, scene.customer)

    async def outdated(function: Any, *arguments: Any) -> Any:
        found = await in_test_thread(function, *arguments)
        await in_test_thread(scene.change, scene.member, "put", scene.customer)
        tell(process, scene)
        return found

    monkeypatch.setattr(sessions, "in_database_thread", outdated)
    await sessions.catch_up(process, timezone.now())
    assert scene.customers not in session.groups


def test_a_block_during_the_query_holds(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    _be_told_during_the_query(scene, monkeypatch)


def tell(process: ProcessRuntime, scene: Scene) -> None:
    """Deliver the control message."""
    scene.where.customer_blocked = True
    for group, event in sessions.blocks_changed(scene.where):
        process.hub.deliver_here(group, event)


@async_to_sync
async def _connect_during_a_block(scene: Scene) -> None:
    process = Process()

    ask = process.ask

    async def outdated(answer: Any, question: Any) -> Any:
        found = await ask(answer, question)
        if not scene.where.customer_blocked:
            await in_test_thread(scene.change, scene.member, "put", scene.customer)
            tell(process, scene)
        return found

    process.ask = outdated  # type: ignore[method-assign]
    session = await open_socket(process, scene.customer)
    assert scene.customers not in session.groups


def test_a_block_while_a_socket_opens(scene: Scene) -> None:
    _connect_during_a_block(scene)
