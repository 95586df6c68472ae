import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0033_files_of_owner")]

    operations = [
        migrations.CreateModel(
            name="EmptiedConversation",
            fields=[
                (
                    "conversation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="emptied",
                        serialize=False,
                        to="conversations.conversation",
                    ),
                ),
                ("seq", models.PositiveBigIntegerField()),
            ],
            options={"default_permissions": ()},
        ),
    ]
