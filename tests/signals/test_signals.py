"""The host project gets signals after the commit, and its failures do not affect the chat."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from django.dispatch import Signal
from pytest_django import DjangoCaptureOnCommitCallbacks

from conversations import operations, signals
from conversations.models import ChatMessage, Conversation
from conversations.moderation import erasure
from tests.conversations.people import business, conversation, person, say

pytestmark = pytest.mark.django_db


@contextmanager
def heard(*watched: Signal) -> Iterator[list[tuple[Signal, dict[str, Any]]]]:
    calls: list[tuple[Signal, dict[str, Any]]] = []

    def note(signal: Signal, **arguments: Any) -> None:
        calls.append((signal, arguments))

    for signal in watched:
        signal.connect(note, weak=False)
    try:
        yield calls
    finally:
        for signal in watched:
            signal.disconnect(note)


def test_the_life_of_a_message(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> None:
    member, customer = person(), person()
    shop = business(member)
    watched = (
        signals.conversation_opened,
        signals.message_stored,
        signals.message_edited,
        signals.messages_read,
        signals.message_deleted,
    )
    with heard(*watched) as calls, django_capture_on_commit_callbacks(execute=True):
        where = conversation(shop, customer)
        say(where, customer, ["hello"])
        message = ChatMessage.objects.get()
        operations.edit_message(user_id=customer.pk, message_id=message.pk, content="hello!")
        operations.mark_read(user_id=member.pk, conversation_id=where.pk)
        operations.delete_message(user_id=customer.pk, message_id=message.pk)
        assert calls == [], "sent before the commit"
    assert [signal for signal, _ in calls] == list(watched)
    assert {arguments["sender"] for _, arguments in calls} == {Conversation}
    assert {arguments["conversation"].pk for _, arguments in calls} == {where.pk}
    stored, read = calls[1][1], calls[3][1]
    assert (stored["message"].content, stored["rev"]) == ("hello", 1)
    assert (read["message_ids"], read["read_by"]) == ([message.pk], str(member.pk))


def test_an_erased_person_once(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> None:
    guest = person()
    with heard(signals.person_erased) as calls, django_capture_on_commit_callbacks(execute=True):
        erasure.erase_person(actor=None, user_id=guest.pk, reason="asked for it")
        erasure.erase_person(actor=None, user_id=guest.pk, reason="again")
    assert [arguments["user_id"] for _, arguments in calls] == [guest.pk]


def test_a_receiver_that_raises_harms_nobody(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**arguments: Any) -> None:
        raise ValueError("a bug of the host")

    where = conversation(business(person()))
    signals.message_stored.connect(fail)
    try:
        with heard(signals.message_stored) as calls, django_capture_on_commit_callbacks(execute=True):
            say(where, where.customer, ["hello"])
    finally:
        signals.message_stored.disconnect(fail)
    assert len(calls) == 1
    assert ChatMessage.objects.count() == 1
    assert "a bug of the host" in caplog.text


def test_a_rolled_back_change_sends_nothing(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    where = conversation(business(person()))
    with (
        heard(signals.message_stored) as calls,
        django_capture_on_commit_callbacks(execute=True),
        transaction.atomic(),
    ):
        say(where, where.customer, ["never"])
        transaction.set_rollback(True)
    assert calls == []
