"""If any operation loses the answer to its COMMIT, both sides get the current conversation."""

from __future__ import annotations

import asyncio
import importlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from chatsite.database.threads import THREADS, in_database_thread
from chatsite.legacy_import.batch_writer import write_batch
from chatsite.legacy_import.import_lock import acquire_lock
from chatsite.legacy_import.plan import PlannedMessage
from chatsite.legacy_import.progress import Progress
from chatsite.legacy_import.undo import undo
from chatsite.realtime import groups
from chatsite.realtime.hub import Addressed
from chatsite.realtime.runtime import ProcessRuntime
from conversations import events, integrity, operations
from conversations.models import ChatMessage, Conversation
from conversations.moderation import operations as moderation
from conversations.moderation import reports
from conversations.moderation.erasure import erase_person
from conversations.writing import commit_recovery
from notifications import offers
from notifications.models import Offer
from tests.conversations.people import business, conversation, person
from tests.harness.rest import eventually

pytestmark = pytest.mark.django_db(transaction=True)

commit = BaseDatabaseWrapper.commit


@dataclass
class Scene:
    """A conversation with a message of the customer, and the member of the business."""

    customer: User
    member: User
    talk: Conversation

    @property
    def message(self) -> ChatMessage:
        """Return the customer's message."""
        return ChatMessage.objects.get(conversation=self.talk, seq=1)

    def row(self) -> tuple[Any, ...] | None:
        """Return everything that both sides see of the conversation."""
        found = Conversation.objects.filter(pk=self.talk.pk).values_list().first()
        names = type(self.customer).objects.values_list("username", flat=True).get(pk=self.customer.pk)
        return None if found is None else (*found, names)

    def offer(self) -> Offer:
        made, _ = offers.make_offer(
            author_id=self.member.pk,
            conversation_id=self.talk.pk,
            title="Blue bike",
            amount_minor=100,
            currency="EUR",
            expires_at=timezone.now() + timedelta(days=1),
        )
        return made


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
    operations.send_message(sender_id=made.customer.pk, conversation_id=talk.pk, content="hello")
    operations.send_message(sender_id=made.member.pk, conversation_id=talk.pk, content="good day")
    return made


Operation = Callable[[], Any]
Cases = dict[
    str, Callable[[Scene], Operation]
]  # each prepares, and gives the operation that loses its COMMIT
CASES: Cases = {}


def case(prepare: Callable[[Scene], Operation]) -> Callable[[Scene], Operation]:
    CASES[prepare.__name__] = prepare
    return prepare


@case
def send_message(scene: Scene) -> Operation:
    return lambda: operations.send_message(
        sender_id=scene.customer.pk, conversation_id=scene.talk.pk, content="again"
    )


@case
def send_system_message(scene: Scene) -> Operation:
    return lambda: operations.send_system_message(conversation_id=scene.talk.pk, content="A note.")


@case
def mark_read(scene: Scene) -> Operation:
    return lambda: operations.mark_read(user_id=scene.customer.pk, conversation_id=scene.talk.pk)


@case
def mark_delivered(scene: Scene) -> Operation:
    from conversations.history import message_page

    messages = message_page(scene.talk.pk, limit=10).messages[1:]
    return lambda: operations.mark_delivered(user_id=scene.customer.pk, messages=messages)


@case
def edit_message(scene: Scene) -> Operation:
    key = scene.message.pk
    return lambda: operations.edit_message(user_id=scene.customer.pk, message_id=key, content="edited")


@case
def delete_message(scene: Scene) -> Operation:
    key = scene.message.pk
    return lambda: operations.delete_message(user_id=scene.customer.pk, message_id=key)


@case
def archive(scene: Scene) -> Operation:
    key = str(scene.talk.pk)
    return lambda: operations.archive_conversation(
        user_id=scene.customer.pk, conversation_id=key, archived=True
    )


@case
def open_conversation(scene: Scene) -> Operation:
    shop = business(person())
    scene.talk = Conversation(business=shop, customer=scene.customer)  # until it is there

    def operation() -> None:
        try:
            operations.open_conversation(user_id=scene.customer.pk, business_id=str(shop.pk))
        finally:
            scene.talk = Conversation.objects.get(business=shop)

    return operation


def moderate(scene: Scene, change: Callable[..., Any], **subject: Any) -> Operation:
    return lambda: change(actor=None, reason="a reason", **subject)


@case
def hide(scene: Scene) -> Operation:
    return moderate(scene, moderation.hide_message, message_id=scene.message.pk)


@case
def restore(scene: Scene) -> Operation:
    hide(scene)()
    return moderate(scene, moderation.restore_message, message_id=scene.message.pk)


@case
def freeze(scene: Scene) -> Operation:
    return moderate(scene, moderation.freeze_conversation, conversation_id=scene.talk.pk)


@case
def unfreeze(scene: Scene) -> Operation:
    freeze(scene)()
    return moderate(scene, moderation.unfreeze_conversation, conversation_id=scene.talk.pk)


@case
def resolve_a_report(scene: Scene) -> Operation:
    """Resolve a report and hide its message in one transaction."""
    report, _ = reports.make_report(
        reporter_id=scene.member.pk,
        conversation_id=str(scene.talk.pk),
        reason="spam",
        message_id=str(scene.message.pk),
    )
    return lambda: reports.resolve_report(
        actor=None, report_id=report.pk, outcome=reports.Outcome.MESSAGE_HIDDEN, note="hidden"
    )


@case
def erase_the_account(scene: Scene) -> Operation:
    return lambda: erase_person(actor=None, user_id=scene.customer.pk, reason="a wish")


@case
def erase_the_messages(scene: Scene) -> Operation:
    with patch("conversations.moderation.erasure.conversations_written_in", lambda user_id: []):
        erase_the_account(scene)()
    return erase_the_account(scene)


@case
def recount_unread(scene: Scene) -> Operation:
    Conversation.objects.filter(pk=scene.talk.pk).update(customer_unread=0)
    return lambda: list(integrity.recount_unread())


@case
def make_offer(scene: Scene) -> Operation:
    return scene.offer


@case
def accept_offer(scene: Scene) -> Operation:
    key = scene.offer().pk
    return lambda: offers.accept_offer(user_id=scene.customer.pk, offer_id=key)


@case
def withdraw_offer(scene: Scene) -> Operation:
    key = scene.offer().pk
    return lambda: offers.withdraw_offer(user_id=scene.member.pk, offer_id=key)


@case
def expire_offer(scene: Scene) -> Operation:
    key = scene.offer().pk
    Offer.objects.filter(pk=key).update(expires_at=timezone.now())
    return lambda: offers.expire_offer(key)


@case
def import_old_messages(scene: Scene) -> Operation:
    def operation() -> None:
        plan = PlannedMessage(
            legacy_id="1",
            business_id=scene.talk.business_id,
            customer_id=scene.customer.pk,
            sender_id=scene.customer.pk,
            side="customer",
            content="long ago",
            message_type="text",
            status="sent",
            created_at=timezone.now() - timedelta(days=100),
            delivered_at=None,
            read_at=None,
            deleted_at=None,
        )
        with acquire_lock("old") as import_lock:
            write_batch(import_lock, [plan], [], ("2020-01-01", "1"))

    return operation


@case
def undo_the_import(scene: Scene) -> Operation:
    import_old_messages(scene)()
    return lambda: undo("old", dry_run=False, progress=Progress(print, total=1, shown=False))


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
        commit(wrapper)  # ends the transaction of the look
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
            pytest.raises(OperationalError),
        ):
            operation()
        assert loss.is_lost

    return lose


async def close_connections() -> None:
    """Close the connections of every database thread, so that the test's database can be deleted."""
    all_at_once = threading.Barrier(THREADS)

    def close() -> None:
        all_at_once.wait(10)
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
