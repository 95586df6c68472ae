"""The changes of presence in the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth import get_user_model
from django.db import connection

from conversations import access
from presence.models import LastSeen

# `bulk_create(update_conflicts=True)` would overwrite a newer time with an older one, from a process that could not
# reach the database for a while.
_UPSERT = """
INSERT INTO {table} (user_id, at) VALUES {rows}
ON CONFLICT (user_id) DO UPDATE SET at = excluded.at WHERE {table}.at < excluded.at
"""


def record_last_seen(*, seen: Mapping[str, datetime]) -> None:
    """Store when each user (by id) was last seen, in one statement. An older time changes nothing.

    Users who have been deleted are left out.
    """
    times = {access.user_key(user_id): at for user_id, at in seen.items()}
    users = get_user_model()._default_manager.filter(pk__in=times)
    known = sorted(users.values_list("pk", flat=True))  # in one order, so that two processes cannot deadlock
    if not known:
        return
    user, at = LastSeen._meta.get_field("user"), LastSeen._meta.get_field("at")
    values = []
    for key in known:
        values += [user.get_db_prep_save(key, connection), at.get_db_prep_save(times[key], connection)]
    table = connection.ops.quote_name(LastSeen._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT.format(table=table, rows=", ".join(["(%s, %s)"] * len(known))), values)
