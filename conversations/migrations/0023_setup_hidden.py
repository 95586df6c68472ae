from django.db import migrations, models


class Migration(migrations.Migration):
    """Only businesses that are made from now on see the list of first steps."""

    dependencies = [("conversations", "0022_saved_views")]

    operations = [
        migrations.AddField(
            model_name="business",
            name="setup_hidden",
            field=models.BooleanField(db_default=True, default=True, editable=False),
        ),
        migrations.AlterField(
            model_name="business",
            name="setup_hidden",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
