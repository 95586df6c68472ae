from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0026_attachment_alt")]

    operations = [migrations.AddField("episode", "seen_at", models.DateTimeField(null=True))]
