"""Drop the indexes of two foreign keys, whose columns other indexes begin with, beside running writes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TABLE = "conversations_conversation"
INDEXES = {
    "business": "conversations_conversation_business_id_0f5bb767",
    "customer": "conversations_conversation_customer_id_afb78c4a",
}


class DropIndexBesideWrites(migrations.AlterField):
    """`DROP INDEX CONCURRENTLY` on PostgreSQL.

    A plain one would wait for the longest reader, such as a backup, and hold up every send meanwhile.
    """

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEXES[self.name]}")

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor != "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            index = INDEXES[self.name]
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index}")  # of an interrupted attempt
            schema_editor.execute(f"CREATE INDEX CONCURRENTLY {index} ON {TABLE} ({self.name}_id)")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("conversations", "0027_episode_seen_at"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        DropIndexBesideWrites(
            model_name="conversation",
            name="business",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="conversations",
                to="conversations.business",
            ),
        ),
        DropIndexBesideWrites(
            model_name="conversation",
            name="customer",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="conversations",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
