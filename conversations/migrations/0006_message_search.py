"""The index of messages: a table, its full-text index on either database, and the messages that are there already."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import conversations.search.models

BATCH = 2000  # messages of one transaction

POSTGRESQL = [
    "CREATE INDEX search_tokens ON conversations_indexedmessage USING gin ((tokens::tsvector))",
]
# The table of full-text search takes its texts from `conversations_indexedmessage`, which triggers keep in step.
SQLITE = [
    (
        "CREATE VIRTUAL TABLE conversations_messagetokens USING fts5("
        "tokens, content='conversations_indexedmessage', content_rowid='id', "
        "tokenize=\"unicode61 remove_diacritics 0 categories 'L* N* M* Co'\")"
    ),
    (
        "CREATE TRIGGER conversations_tokens_inserted AFTER INSERT ON conversations_indexedmessage BEGIN "
        "INSERT INTO conversations_messagetokens(rowid, tokens) VALUES (new.id, new.tokens); END"
    ),
    (
        "CREATE TRIGGER conversations_tokens_deleted AFTER DELETE ON conversations_indexedmessage BEGIN "
        "INSERT INTO conversations_messagetokens(conversations_messagetokens, rowid, tokens) "
        "VALUES ('delete', old.id, old.tokens); END"
    ),
    (
        "CREATE TRIGGER conversations_tokens_updated AFTER UPDATE OF id, tokens ON conversations_indexedmessage BEGIN "
        "INSERT INTO conversations_messagetokens(conversations_messagetokens, rowid, tokens) "
        "VALUES ('delete', old.id, old.tokens); "
        "INSERT INTO conversations_messagetokens(rowid, tokens) VALUES (new.id, new.tokens); END"
    ),
]
UNDO = {
    "postgresql": ["DROP INDEX IF EXISTS search_tokens"],
    "sqlite": [
        "DROP TRIGGER conversations_tokens_inserted",
        "DROP TRIGGER conversations_tokens_deleted",
        "DROP TRIGGER conversations_tokens_updated",
        "DROP TABLE conversations_messagetokens",
    ],
}


def create_full_text_index(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def drop_full_text_index(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in UNDO[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def index_messages(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Index the messages that are not indexed yet, in batches. A run that was interrupted goes on where it was."""
    from conversations.search.message_index import entry_of

    message_model = apps.get_model("conversations", "ChatMessage")
    indexed_model = apps.get_model("conversations", "IndexedMessage")
    visible = message_model.objects.filter(deleted_at=None, hidden_at=None).order_by("pk")
    columns = ("pk", "conversation__business_id", "created_at", "content")
    batch = list(visible.values_list(*columns)[:BATCH])
    while batch:
        known = set(
            indexed_model.objects.filter(message_id__in=[row[0] for row in batch]).values_list(
                "message_id", flat=True
            )
        )
        entries = [entry_of(*row) for row in batch if row[0] not in known]
        indexed_model.objects.bulk_create(indexed_model(**entry._asdict()) for entry in entries)
        batch = list(visible.filter(pk__gt=batch[-1][0]).values_list(*columns)[:BATCH])


class Migration(migrations.Migration):
    atomic = False  # each batch of old messages is a transaction of its own

    dependencies = [("conversations", "0005_message_replies")]

    operations = [
        migrations.CreateModel(
            name="IndexedMessage",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField()),
                ("has_link", models.BooleanField(default=False)),
                ("tokens", conversations.search.models.TokensField()),
                (
                    "business",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="conversations.business",
                    ),
                ),
                (
                    "message",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="conversations.chatmessage",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["business", "-created_at", "-message"], name="search_newest_of_business"
                    )
                ],
            },
        ),
        migrations.RunPython(create_full_text_index, drop_full_text_index),
        migrations.RunPython(index_messages, migrations.RunPython.noop),
    ]
