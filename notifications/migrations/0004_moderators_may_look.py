"""Moderators and support may look at what people were told, invited to and offered."""

from django.db import migrations

VIEWED = ("notification", "invitation", "offer")
GROUPS = ("moderator", "support")


def let_them_look(apps, schema_editor):
    permissions = [_permission(apps, model) for model in VIEWED]
    for group in apps.get_model("auth", "Group").objects.filter(name__in=GROUPS):
        group.permissions.add(*permissions)


def take_it_back(apps, schema_editor):
    permissions = [_permission(apps, model) for model in VIEWED]
    for group in apps.get_model("auth", "Group").objects.filter(name__in=GROUPS):
        group.permissions.remove(*permissions)


def _permission(apps, model):
    """On a new site the rows are not there yet: Django makes them after the last migration, and then finds these."""
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="notifications", model=model
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type, codename=f"view_{model}", defaults={"name": f"Can view {model}"}
    )
    return permission


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0003_moderation_groups"),
        ("notifications", "0003_lapsed"),
    ]

    operations = [migrations.RunPython(let_them_look, take_it_back)]
