"""Deleting an endpoint no longer deletes its deliveries: a job does. Nothing changes in the database."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0014_invitations_by_mail")]

    operations = [
        migrations.AlterField(
            model_name="webhookdelivery",
            name="webhook",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="deliveries",
                to="notifications.webhook",
            ),
        ),
    ]
