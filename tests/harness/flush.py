"""Empty the database after a test that commits, faster than Django does.

Django truncates all tables, which on PostgreSQL writes several files for each, and then creates the content types and
permissions again. Together that took longer than most of these tests. Here only tables with rows are emptied, and
content types and permissions stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.contrib.auth.management import create_permissions
from django.contrib.contenttypes.management import create_contenttypes
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import post_migrate

KEPT: Final = {"auth_permission", "django_content_type"}
REFUSING: Final = {"conversations_auditentry"}  # a trigger refuses to delete rows


def flush_quickly(connection: BaseDatabaseWrapper) -> None:
    """Let the command `flush` on this connection empty only tables that have rows."""

    def delete_rows(style: Any, tables: Sequence[str], **options: bool) -> list[str]:
        refusing = REFUSING if connection.vendor == "postgresql" else ()
        return [
            f"{'TRUNCATE' if name in refusing else 'DELETE FROM'} {connection.ops.quote_name(name)}"
            for name in _filled(connection, tables)
        ]

    connection.ops.sql_flush = delete_rows  # type: ignore[method-assign]
    post_migrate.disconnect(create_contenttypes)
    post_migrate.disconnect(dispatch_uid=f"{create_permissions.__module__}.create_permissions")


def _filled(connection: BaseDatabaseWrapper, tables: Sequence[str]) -> list[str]:
    probes = [
        f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {connection.ops.quote_name(name)})"
        for name in tables
        if name not in KEPT
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(probes))
        return [name for (name,) in cursor.fetchall()]
