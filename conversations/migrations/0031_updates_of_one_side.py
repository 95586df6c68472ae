from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0030_canned_answer_file_index")]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="customer_updated_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="conversation",
            name="business_updated_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
