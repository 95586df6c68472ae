from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0025_last_sender")]

    operations = [
        migrations.AddField("attachment", "alt", models.TextField(blank=True, default="", db_default="")),
        migrations.AddField("directupload", "alt", models.TextField(blank=True, default="", db_default="")),
    ]
