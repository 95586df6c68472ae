"""An index over the files that people keep, to add up their sizes. Made beside running writes where the database can."""

from importlib import import_module

from django.db import migrations, models

# The name of a migration begins with a digit.
MakeIndexBesideWrites = import_module("conversations.migrations.0005_message_replies").MakeIndexBesideWrites


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("conversations", "0032_storage_use")]

    operations = [
        MakeIndexBesideWrites(
            model_name="attachment",
            index=models.Index(
                condition=models.Q(("file__isnull", False)),
                fields=["owner", "size"],
                name="attachment_owned",
            ),
        ),
    ]
