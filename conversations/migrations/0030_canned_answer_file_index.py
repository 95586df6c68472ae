"""An index over the few attachments of canned answers, made beside running writes where the database can."""

from importlib import import_module

from django.db import migrations, models

# The name of a migration begins with a digit.
MakeIndexBesideWrites = import_module("conversations.migrations.0005_message_replies").MakeIndexBesideWrites


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("conversations", "0029_canned_answer_files")]

    operations = [
        MakeIndexBesideWrites(
            model_name="attachment",
            index=models.Index(
                condition=models.Q(("canned_answer__isnull", False)),
                fields=["canned_answer", "position"],
                name="attachment_canned",
            ),
        ),
    ]
