"""Whether a pooler such as PgBouncer is between Django and PostgreSQL, and gives each transaction another session."""

from __future__ import annotations

from django.db import connection


def pools_transactions() -> bool:
    """Return whether nothing of a session outlives its transaction. Django has the same setting for its cursors."""
    return bool(connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"))
