from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0015_webhook_deliveries_stay"),
    ]

    operations = [
        migrations.AddField(
            model_name="pushsubscription",
            name="is_slow",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
