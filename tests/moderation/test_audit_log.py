"""Entries can only be added to the audit log. Neither the models nor SQL can change them."""

from __future__ import annotations

import importlib

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection, transaction

from conversations.integrity import audit_log_is_guarded
from conversations.moderation.audit import record
from conversations.moderation.models import AuditEntry, AuditLogIsAppendOnly
from tests.moderation.conftest import Shop


@pytest.fixture
def entry(shop: Shop) -> AuditEntry:
    return record(actor=shop.mona, action="hide_message", subject=shop.conversation, reason="Why not.", seq=3)


def test_an_entry_says_who_what_and_why(shop: Shop, entry: AuditEntry) -> None:
    entry.refresh_from_db()
    assert (entry.actor, entry.subject_type, entry.subject_id) == (
        shop.mona,
        "conversation",
        str(shop.conversation.pk),
    )
    assert (entry.reason, entry.data) == ("Why not.", {"seq": 3})


def test_the_models_refuse_to_change_it(entry: AuditEntry) -> None:
    for change in (
        entry.save,
        entry.delete,
        lambda: AuditEntry.objects.update(reason="x"),
        lambda: AuditEntry.objects.all().delete(),
        lambda: AuditEntry.objects.filter(pk=entry.pk).update(reason="x"),
        lambda: AuditEntry.objects.bulk_update([entry], ["reason"]),
    ):
        with pytest.raises(AuditLogIsAppendOnly):
            change()


@pytest.mark.parametrize(
    "statement",
    ["UPDATE conversations_auditentry SET reason = 'x'", "DELETE FROM conversations_auditentry"],
)
def test_the_database_refuses_too(entry: AuditEntry, statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert AuditEntry.objects.count() == 1


def test_a_database_without_its_triggers_is_noticed(db: None) -> None:
    assert audit_log_is_guarded()
    on_table = " ON conversations_auditentry" if connection.vendor == "postgresql" else ""
    name = "audit_append_only" if on_table else "audit_no_update"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {name}{on_table}")
    assert not audit_log_is_guarded()


def test_the_groups_are_made_once_and_mended(groups: None) -> None:
    migration = importlib.import_module("conversations.migrations.0003_moderation_groups")
    moderator = Group.objects.get(name="moderator")
    # Those of the notifications are given by a migration of their app, and stay as they are.
    own = moderator.permissions.exclude(content_type__app_label="notifications")
    wanted = set(own.values_list("codename", flat=True))
    moderator.permissions.clear()
    for _ in range(2):
        migration.make_groups(apps, None)
    assert Group.objects.filter(name__in=("moderator", "support")).count() == 2
    assert set(moderator.permissions.values_list("codename", flat=True)) == wanted
    assert {"hide_message", "freeze_conversation", "suspend_user", "resolve_report"} <= wanted
    support = set(Group.objects.get(name="support").permissions.values_list("codename", flat=True))
    assert all(codename.startswith("view_") for codename in support)
