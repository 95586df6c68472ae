from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("widget", "0002_help_texts")]

    operations = [
        migrations.AddField(
            model_name="widgetsite",
            name="asks_first",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Whether guests are asked for a name and an address before the first message.",
            ),
        ),
        migrations.AddField(
            model_name="widgetsite",
            name="form_question",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="One more question of the form. Empty: it is left out.",
                max_length=200,
            ),
        ),
        migrations.AddField(
            model_name="externalidentity",
            name="attributes",
            field=models.JSONField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="externalidentity",
            name="answers",
            field=models.JSONField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="externalidentity",
            name="page_url",
            field=models.CharField(db_default="", default="", editable=False, max_length=500),
        ),
        migrations.AddField(
            model_name="externalidentity",
            name="page_title",
            field=models.CharField(db_default="", default="", editable=False, max_length=200),
        ),
        migrations.AddField(
            model_name="externalidentity",
            name="page_seen_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
