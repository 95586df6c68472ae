"""An index over the few messages that are replies, made beside running writes where the database can."""

from django.db import migrations, models


class MakeIndexBesideWrites(migrations.AddIndex):
    """`CREATE INDEX CONCURRENTLY` on PostgreSQL, where a plain one would hold up every send until it is done.

    Django's own `AddIndexConcurrently` refuses any other database.
    """

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            # An attempt that was interrupted leaves an index that is not valid.
            schema_editor.execute(
                f"DROP INDEX CONCURRENTLY IF EXISTS {schema_editor.quote_name(self.index.name)}"
            )
            schema_editor.add_index(model, self.index, concurrently=True)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor != "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
            return
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.remove_index(model, self.index, concurrently=True)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("conversations", "0004_rewritten_rev")]

    operations = [
        MakeIndexBesideWrites(
            model_name="chatmessage",
            index=models.Index(
                condition=models.Q(("reply_to__isnull", False)),
                fields=["reply_to"],
                name="message_replies",
            ),
        ),
    ]
