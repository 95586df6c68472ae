"""Moderators and support may look at why somebody got a push or a mail, or did not."""

from django.db import migrations

GROUPS = ("moderator", "support")


def let_them_look(apps, schema_editor):
    permission = _permission(apps)
    for group in apps.get_model("auth", "Group").objects.filter(name__in=GROUPS):
        group.permissions.add(permission)


def take_it_back(apps, schema_editor):
    permission = _permission(apps)
    for group in apps.get_model("auth", "Group").objects.filter(name__in=GROUPS):
        group.permissions.remove(permission)


def _permission(apps):
    """On a new site the row is not there yet: Django makes it after the last migration, and then finds this one."""
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="notifications", model="notice"
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type, codename="view_notice", defaults={"name": "Can view notice"}
    )
    return permission


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0003_moderation_groups"),
        ("notifications", "0006_away"),
    ]

    operations = [migrations.RunPython(let_them_look, take_it_back)]
