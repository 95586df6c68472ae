"""If any operation loses the answer to its COMMIT, both sides get the current conversation."""

from __future__ import annotations

import asyncio
import importlib
import threading
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from chatsite.database.threads import THREADS, in_database_thread
from chatsite.realtime import groups
from chatsite.realtime.hub import Addressed
from chatsite.realtime.runtime import ProcessRuntime
from conversations import events, operations
from conversations.models import Conversation
from conversations.requests import SendBody
from conversations.writing import commit_recovery
from tests.conversations.changing_operations import CASES, Operation, Scene
from tests.conversations.people import business, conversation, person
from tests.harness.patience import patience
from tests.harness.rest import eventually

pytestmark = pytest.mark.django_db(transaction=True)

commit = BaseDatabaseWrapper.commit


@pytest.fixture
def emptied_log(transactional_db: None) -> Iterator[None]:
    """Let the audit log be emptied after each test. On SQLite it refuses that."""
    yield
    guard = importlib.import_module("conversations.migrations.0002_moderation")
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for statement in (*guard.SQLITE_BACK, "DELETE FROM conversations_auditentry", *guard.SQLITE):
                cursor.execute(statement)


@pytest.fixture
def scene(emptied_log: None) -> Scene:
    member = person()
    talk = conversation(business(member))
    made = Scene(talk.customer, member, talk)
    operations.send_message(
        sender_id=made.customer.pk, conversation_id=talk.pk, body=SendBody(content="hello")
    )
    operations.send_message(
        sender_id=made.member.pk, conversation_id=talk.pk, body=SendBody(content="good day")
    )
    return made


class LosesOne:
    """Loses the answer to the first COMMIT of the operation that changes the conversation."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._before = scene.row()
        self.is_lost = False
        self.thread_id: int | None = None  # of the operation; the recovery reads on others meanwhile

    def commit(self, wrapper: BaseDatabaseWrapper) -> None:
        commit(wrapper)
        if self.is_lost or threading.get_ident() != self.thread_id:
            return
        self.is_lost = self._has_changed()
        commit(wrapper)  # ends the transaction of the check
        if self.is_lost:
            raise OperationalError("server closed the connection unexpectedly")

    def _has_changed(self) -> bool:
        if self._before is None:
            return Conversation.objects.filter(
                business=self._scene.talk.business_id, customer=self._scene.customer
            ).exists()
        return self._scene.row() != self._before


@pytest.fixture
def losing(scene: Scene, request: pytest.FixtureRequest) -> Operation:
    """Run the operation, which raises because the answer to its COMMIT is lost."""
    operation = CASES[request.param](scene)
    loss = LosesOne(scene)

    def commit_or_lose(wrapper: BaseDatabaseWrapper) -> None:
        loss.commit(wrapper)

    def lose() -> None:
        loss.thread_id = threading.get_ident()
        with (
            patch.object(BaseDatabaseWrapper, "commit", commit_or_lose),
            patch.object(commit_recovery, "commit", lambda: None),  # Django sends each COMMIT
            pytest.raises(OperationalError),
        ):
            operation()
        assert loss.is_lost

    return lose


async def close_connections() -> None:
    """Close the connections of every database thread, so that the test's database can be deleted."""
    all_at_once = threading.Barrier(THREADS)

    def close() -> None:
        all_at_once.wait(patience(10))
        connections.close_all()

    await asyncio.gather(*(in_database_thread(close) for _ in range(THREADS)))


class Listener:
    """A socket of the customer."""

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.heard: list[tuple[str, bytes]] = []

    def deliver(self, event: Any) -> None:
        self.heard.append((event.name, event.data))

    async def has_heard(self) -> None:
        async def has() -> bool:
            return bool(self.heard)

        await eventually(has, "an event")


def shown_to_customer(scene: Scene) -> tuple[str, bytes]:
    fresh = Conversation.objects.select_related("business", "customer").get(pk=scene.talk.pk)
    event = events.conversation_updated(fresh)[0][1]
    return event.name, event.data


@pytest.mark.parametrize("losing", CASES, indirect=True)
def test_both_sides_see_its_current_state(scene: Scene, losing: Operation) -> None:
    """The operation runs in a server, which has a runtime."""

    async def main() -> None:
        runtime = ProcessRuntime()
        listener = Listener(str(scene.customer.pk))
        await runtime.hub.subscribe(groups.user(listener.user_id), listener)
        try:
            with patch.object(commit_recovery, "running_runtime", lambda: runtime):
                await in_database_thread(losing)
                await listener.has_heard()
            assert listener.heard == [await in_database_thread(shown_to_customer, scene)]
        finally:
            await runtime.stop()
            await close_connections()

    asyncio.run(asyncio.wait_for(main(), 60))


@pytest.mark.parametrize("losing", [name for name in CASES if name != "resolve_a_report"], indirect=True)
def test_a_command_shows_it_too(scene: Scene, losing: Operation, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operation runs in a process without a runtime, which waits for the database itself."""
    told: list[Addressed] = []
    monkeypatch.setattr(commit_recovery, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(commit_recovery, "broadcast", told.extend)
    losing()
    assert (told[0][1].name, told[0][1].data) == shown_to_customer(scene)


def test_a_command_tries_for_a_time_that_has_an_end(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(ids: Any) -> Any:
        raise OperationalError("gone")

    monkeypatch.setattr(commit_recovery, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(commit_recovery, "COMMAND_SECONDS", 0.1)
    monkeypatch.setattr(commit_recovery, "_read", fail)
    commit_recovery._resend_now({scene.talk.pk})


def test_nothing_is_shown_of_a_change_that_failed_before_its_commit(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Addressed] = []
    monkeypatch.setattr(commit_recovery, "broadcast", told.extend)
    with pytest.raises(OperationalError), commit_recovery.watched_transaction({scene.talk.pk}):
        raise OperationalError("deadlock detected")
    assert told == []
