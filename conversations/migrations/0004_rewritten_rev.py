from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0003_moderation_groups")]

    operations = [
        # With a default in the database: processes of the version before go on inserting without the column.
        migrations.AddField(
            model_name="conversation",
            name="rewritten_rev",
            field=models.PositiveBigIntegerField(db_default=0, default=0, editable=False),
        ),
    ]
