"""Opens the database that holds the old table: an alias of the settings, or a URL for this one run."""

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

from chatsite.legacy_import.choices import Choices
from chatsite.legacy_import.errors import ImportStopped


@contextmanager
def open_source(choices: Choices) -> Iterator[BaseDatabaseWrapper]:
    """The connection to read from. One that was opened for a URL is closed at the end."""
    if not choices.source:
        try:
            yield connections[choices.database]
        except ConnectionDoesNotExist as error:
            raise ImportStopped(f"The settings have no database {choices.database!r}.") from error
        return
    connection = _connect(choices.source)
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
        raise ImportStopped(f"--source: there is no file {parsed['NAME']}.")  # SQLite would make an empty one
    config = connections.configure_settings({"default": {}, "legacy": parsed})["legacy"]
    connection: BaseDatabaseWrapper = load_backend(config["ENGINE"]).DatabaseWrapper(config, "legacy")
    return connection


def source_name(choices: Choices) -> str:
    """What the bookkeeping calls the old table: the same for every run over it, and without a password."""
    if choices.name:
        return choices.name
    if not choices.source:
        return f"{choices.database}:{choices.table}"
    url = urlsplit(choices.source)
    return f"{url.hostname or ''}{url.path}:{choices.table}"
