"""The database settings: SQLite without DATABASE_URL, PostgreSQL with a pool of connections with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chatsite.config.env import Environment


def database_settings(env: Environment, folder: Path, *, pool_size: int) -> dict[str, Any]:
    """Return `DATABASES["default"]`. The embedded database is in `folder`."""
    pooler = env.choice("DATABASE_POOLER", ("none", "transaction"), "none")
    database: dict[str, Any] = env.database("DATABASE_URL", default=_embedded(folder))
    if not env.text("DATABASE_URL"):
        # Only where it is needed, because the file system of an image may be read-only.
        folder.mkdir(exist_ok=True)
    if database["ENGINE"] != "django.db.backends.postgresql":
        return database
    options = {
        **database.get("OPTIONS", {}),
        "pool": {"min_size": 2, "max_size": pool_size, "timeout": 5},
        # Sends parameters beside the statement. Quoting the columns of a batch in Python took a seventh of a server
        # process's time.
        "server_side_binding": True,
    }
    return {
        **database,
        "OPTIONS": options,
        # Persistent connections leak under ASGI. The pool keeps connections instead.
        "CONN_MAX_AGE": 0,
        # Test a connection when it leaves the pool. Otherwise each connection that died in a restart of PostgreSQL
        # would fail one request.
        "CONN_HEALTH_CHECKS": True,
        # A pooler gives each transaction another connection of the server, which does not know the cursor.
        "DISABLE_SERVER_SIDE_CURSORS": pooler == "transaction",
    }


def _embedded(folder: Path) -> dict[str, object]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": folder / "chat.sqlite3",
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",  # a write waits for the lock instead of failing in mid-transaction
            # FULL: a commit is on the disk before it is acknowledged.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000;",
        },
    }
