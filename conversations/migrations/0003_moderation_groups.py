"""The groups `moderator` and `support`. Idempotent: running it again gives a group back what it should have."""

from django.conf import settings
from django.db import migrations

VIEWED = ("business", "membership", "conversation", "report", "auditentry")
CUSTOM = {
    "hide_message": "Can hide and restore messages",
    "freeze_conversation": "Can freeze and unfreeze conversations",
    "suspend_user": "Can suspend and reinstate users",
    "resolve_report": "Can resolve reports",
    "export_transcript": "Can export a conversation's transcript",
    "export_person": "Can export a person's data",
    "erase_person": "Can erase a person",
}
# Taking a person's data out of the site, or the person, is nobody's daily work: a superuser does it or gives it away.
MODERATOR = ("hide_message", "freeze_conversation", "suspend_user", "resolve_report", "export_transcript")


def make_groups(apps, schema_editor):
    group = apps.get_model("auth", "Group").objects
    viewed = [
        _permission(apps, "conversations", model, f"view_{model}", f"Can view {model}") for model in VIEWED
    ]
    app_label, model = settings.AUTH_USER_MODEL.lower().split(".")
    viewed.append(_permission(apps, app_label, model, f"view_{model}", f"Can view {model}"))
    custom = {
        codename: _permission(apps, "conversations", "auditentry", codename, name)
        for codename, name in CUSTOM.items()
    }
    support, _ = group.get_or_create(name="support")
    support.permissions.add(*viewed)
    moderator, _ = group.get_or_create(name="moderator")
    moderator.permissions.add(*viewed, *(custom[codename] for codename in MODERATOR))


def _permission(apps, app_label, model, codename, name):
    """On a new site the rows are not there yet: Django makes them after the last migration, and then finds these."""
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label=app_label, model=model
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type, codename=codename, defaults={"name": name}
    )
    return permission


def drop_groups(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=("moderator", "support")).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("conversations", "0002_moderation"),
    ]

    operations = [migrations.RunPython(make_groups, drop_groups)]
