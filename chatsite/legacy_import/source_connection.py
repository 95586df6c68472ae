"""Open the database that holds the old table: an alias of the settings, or a URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import load_backend
from django.utils.connection import ConnectionDoesNotExist

from chatsite.legacy_import.errors import ImportStopped
from chatsite.legacy_import.options import ImportOptions


@contextmanager
def open_source(options: ImportOptions) -> Iterator[BaseDatabaseWrapper]:
    """Yield the connection to read from. Closes a connection that was opened for a URL."""
    if not options.source:
        try:
            yield connections[options.database]
        except ConnectionDoesNotExist as error:
            raise ImportStopped(
                f"--database: the settings define no database {options.database!r}."
            ) from error
        return
    connection = _connect(options.source)
    try:
        yield connection
    finally:
        connection.close()


def _connect(url: str) -> BaseDatabaseWrapper:
    try:
        parsed = dict(dj_database_url.parse(url))
    except ValueError as error:
        raise ImportStopped(
            "--source takes postgresql://USER:PASSWORD@HOST:PORT/NAME or sqlite:///PATH."
        ) from error
    if str(parsed["ENGINE"]).endswith("sqlite3") and not Path(str(parsed["NAME"])).is_file():
        raise ImportStopped(
            f"--source: the file {parsed['NAME']} does not exist."
        )  # SQLite would create an empty one
    config = connections.configure_settings({"default": {}, "legacy": parsed})["legacy"]
    connection: BaseDatabaseWrapper = load_backend(config["ENGINE"]).DatabaseWrapper(config, "legacy")
    return connection


def source_name(options: ImportOptions) -> str:
    """Return the name of the old table in the import records. It is equal in every run and holds no password."""
    if options.name:
        return options.name
    if not options.source:
        return f"{options.database}:{options.table}"
    url = urlsplit(options.source)
    return f"{url.hostname or ''}{url.path}:{options.table}"
