"""Replace the refresh tokens that stand in clear in the database with their digests."""

from hashlib import sha256

from django.db import migrations

BATCH = 1_000


def digest_tokens(apps, schema_editor):
    OutstandingToken = apps.get_model("token_blacklist", "OutstandingToken")
    tokens = OutstandingToken.objects.using(schema_editor.connection.alias)
    while rows := list(tokens.filter(token__contains=".").order_by("pk")[:BATCH]):
        for row in rows:
            row.token = sha256(row.token.encode()).hexdigest()
        tokens.bulk_update(rows, ["token"])


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0001_initial"),
        ("token_blacklist", "0012_alter_outstandingtoken_user"),
    ]

    operations = [
        migrations.RunPython(digest_tokens, migrations.RunPython.noop, elidable=True),
    ]
