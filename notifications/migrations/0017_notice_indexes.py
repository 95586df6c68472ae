"""Find shown pushes and pending notices by their age, with indexes that are made and dropped beside running writes."""

from importlib import import_module

from django.db import migrations, models

# The name of a migration begins with a digit.
MakeIndexBesideWrites = import_module("conversations.migrations.0005_message_replies").MakeIndexBesideWrites


class DropIndexBesideWrites(migrations.RemoveIndex):
    """`DROP INDEX CONCURRENTLY` on PostgreSQL, where a plain one would wait for the longest reader and stop the others."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            index = from_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
            schema_editor.remove_index(model, index, concurrently=True)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor != "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            index = to_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
            schema_editor.remove_index(model, index, concurrently=True)  # of an interrupted attempt
            schema_editor.add_index(model, index, concurrently=True)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("conversations", "0005_message_replies"),
        ("notifications", "0016_push_pace"),
    ]

    operations = [
        MakeIndexBesideWrites(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("channel", "push"), ("state", "sent"), ("withdrawn_at", None)),
                fields=["created_at"],
                name="notice_push_shown_since",
            ),
        ),
        MakeIndexBesideWrites(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("state", "pending")),
                fields=["created_at"],
                name="notice_pending_since",
            ),
        ),
        DropIndexBesideWrites(model_name="notice", name="notice_push_shown"),
    ]
