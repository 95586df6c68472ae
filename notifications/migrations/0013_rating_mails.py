import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("conversations", "0021_automatic_assignment"),
        ("notifications", "0012_push_sessions"),
    ]

    operations = [
        migrations.AddField(
            model_name="notice",
            name="episode",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="conversations.episode",
            ),
        ),
        migrations.RemoveConstraint(model_name="notice", name="notice_one_mail_pending"),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("channel", "email"), ("episode", None), ("state", "pending")),
                fields=("user",),
                name="notice_one_mail_pending",
            ),
        ),
    ]
