import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Count, Sum


def count_files(apps, schema_editor):
    attachments = apps.get_model("conversations", "Attachment").objects.filter(
        business__isnull=False, file__isnull=False
    )
    rows = attachments.order_by().values("business_id").annotate(bytes=Sum("size"), files=Count("pk"))
    uses = apps.get_model("conversations", "StorageUse")
    uses.objects.bulk_create([uses(**row) for row in rows], batch_size=1000)


class Migration(migrations.Migration):
    dependencies = [("conversations", "0031_updates_of_one_side")]

    operations = [
        migrations.CreateModel(
            name="StorageUse",
            fields=[
                (
                    "business",
                    models.OneToOneField(
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="conversations.business",
                    ),
                ),
                ("bytes", models.BigIntegerField(default=0, editable=False)),
                ("files", models.BigIntegerField(default=0, editable=False)),
            ],
        ),
        migrations.RunPython(count_files, migrations.RunPython.noop),
    ]
