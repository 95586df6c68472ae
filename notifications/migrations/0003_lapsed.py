from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0002_legacy_import")]

    operations = [
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(
                condition=models.Q(("status", "pending")), fields=["expires_at"], name="invitation_pending"
            ),
        ),
        migrations.AddIndex(
            model_name="offer",
            index=models.Index(
                condition=models.Q(("status", "pending")), fields=["expires_at"], name="offer_pending"
            ),
        ),
    ]
