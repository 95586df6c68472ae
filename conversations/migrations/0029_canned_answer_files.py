import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0028_conversation_indexes")]

    operations = [
        migrations.AddField(
            model_name="attachment",
            name="canned_answer",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="files",
                to="conversations.cannedanswer",
            ),
        ),
    ]
