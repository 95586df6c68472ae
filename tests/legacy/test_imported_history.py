"""Reports and automatic assignment after an import: old messages are neither questions of today nor waits."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from conversations.models import AssignmentRule, ChatMessage, Conversation, CsatSettings, Episode
from conversations.team.assignment.assigning import waiting
from conversations.team.operations import set_team_state
from conversations.team.reports.recording import measure_episode
from conversations.team.reports.reporting import report
from conversations.team.requests import TeamBody
from tests.conversations.people import say
from tests.legacy.conftest import Run
from tests.legacy.generator import BEGIN, World
from tests.legacy.oldtable import OldTable

Migrated = tuple[Conversation, Any, Any]


def add(old: OldTable, world: World, number: int, sender: int | None, **values: Any) -> None:
    business, _ = world.businesses[0]
    row = {"id": number, "createdAt": BEGIN, "content": "hello", "senderId": sender, "status": "read"}
    old.add(**row, businessId=str(business), customerId=world.customers[0], **values)


@pytest.fixture
def migrated(old: OldTable, world: World, run: Run) -> Migrated:
    """A conversation with an old question and an old answer, its owner and its customer. Ratings are on."""
    business, (owner, _) = world.businesses[0]
    CsatSettings.objects.create(business_id=business, enabled=True)
    add(old, world, 1, world.customers[0])
    add(old, world, 2, owner)
    run()
    users = get_user_model().objects
    return Conversation.objects.get(), users.get(pk=owner), users.get(pk=world.customers[0])


def resolve(where: Conversation, owner: Any) -> Episode | None:
    where.refresh_from_db()
    set_team_state(user_id=owner.pk, conversation_id=where.pk, body=TeamBody(status="resolved"))
    measure_episode.call(str(where.pk), where.last_seq)
    return Episode.objects.filter(conversation=where, last_seq=where.last_seq).first()


def questions(where: Conversation) -> int:
    return ChatMessage.objects.filter(conversation=where, sender_side="system").count()


def test_resolving_an_old_conversation_measures_and_asks_nothing(migrated: Migrated) -> None:
    where, owner, _ = migrated
    assert resolve(where, owner) is None
    assert questions(where) == 0


def test_an_episode_begins_with_the_first_message_that_was_written_here(migrated: Migrated) -> None:
    where, owner, customer = migrated
    before = timezone.now()
    say(where, customer, ["one more thing"])
    say(where, owner, ["certainly"])
    episode = resolve(where, owner)
    assert episode is not None
    assert episode.opened_at is not None
    assert episode.opened_at >= before
    assert (episode.customer_messages, episode.answers) == (1, 1)
    assert questions(where) == 1


def test_messages_of_the_old_system_itself_are_in_no_report(
    old: OldTable, world: World, run: Run, migrated: Migrated
) -> None:
    where, _, _ = migrated
    add(old, world, 3, None, type="system")
    run("--chat-types", "chat,system")
    message = ChatMessage.objects.get(conversation=where, sender_side="system")
    assert message.sender_kind == "system"
    mark = import_module("conversations.migrations.0035_imported_system_messages").mark_system_messages
    ChatMessage.objects.filter(pk=message.pk).update(sender_kind="person")  # as imports have stored it
    day = BEGIN.date()
    for _ in range(2):
        rows = report(where.business_id, metric="load", begin=day, end=day, group_by="none").rows
        assert sum(count or 0 for row in rows for count in row.values.values()) == 2
        mark(apps, connection.schema_editor())
        message.refresh_from_db()
        assert message.sender_kind == "system"
    kinds = ChatMessage.objects.exclude(pk=message.pk).values_list("sender_kind", flat=True)
    assert set(kinds) == {"person"}


def test_an_import_takes_nobody_out_of_the_queue(
    old: OldTable, world: World, run: Run, migrated: Migrated
) -> None:
    where, owner, customer = migrated
    since = timezone.now() - timedelta(minutes=1)
    rule = AssignmentRule(business_id=where.business_id, mode="round_robin", since=since)
    assert not waiting(rule).exists()
    say(where, customer, ["is anybody there?"])
    add(old, world, 3, owner.pk)
    run()
    where.refresh_from_db()
    assert where.last_message_at == BEGIN
    assert list(waiting(rule)) == [where]
    empty = Conversation.objects.create(business_id=where.business_id, customer_id=world.customers[1])
    assert empty not in waiting(rule)
