"""The kind of imported messages of the system, which imports stored as `person`."""

from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

BATCH = 10_000  # messages of one transaction


def mark_system_messages(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Walk through all messages by key, because no index has their sides."""
    messages = apps.get_model("conversations", "ChatMessage").objects.order_by("pk")
    page = messages
    while keys := list(page.values_list("pk", flat=True)[:BATCH]):
        of_page = messages.filter(pk__gte=keys[0], pk__lte=keys[-1])
        of_page.filter(sender_side="system").exclude(sender_kind="system").update(sender_kind="system")
        page = messages.filter(pk__gt=keys[-1])


class Migration(migrations.Migration):
    atomic = False  # each batch is a transaction of its own, and a second run finds nothing to change

    dependencies = [("conversations", "0034_emptied_conversations")]

    operations = [migrations.RunPython(mark_system_messages, migrations.RunPython.noop)]
