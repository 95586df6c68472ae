"""The databases of deployments and of in-process tests.

They are copies of one that is migrated once for each state of the code.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Final, Protocol

from tests.harness.services import PostgreSQL
from tests.harness.templates import copy_template, migrate

TEMPLATE: Final = "chat_template"


class Database(Protocol):
    @property
    def url(self) -> str: ...

    def fill(self) -> None:
        """Make the database a copy of a migrated one without rows."""


class SQLiteDatabase:
    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def url(self) -> str:
        return f"sqlite:///{self._path}"

    def fill(self) -> None:
        copy_template("sqlite3", _make_sqlite, self._path)


def _make_sqlite(target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "chat.sqlite3"
        migrate(f"sqlite:///{file}")
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # a database in memory cannot be opened with a WAL


def fill_memory(name: str, folder: Path) -> sqlite3.Connection:
    """Fill the database in memory that has this name.

    The database exists until the caller closes the returned connection.
    """
    file = folder / "migrated.sqlite3"
    SQLiteDatabase(file).fill()
    memory = sqlite3.connect(name, uri=True)
    with closing(sqlite3.connect(file)) as source:
        source.backup(memory)
    return memory


class PostgreSQLDatabase:
    def __init__(self, service: PostgreSQL, name: str) -> None:
        self._service = service
        self._name = name
        self.url = service.create_database(name)

    def fill(self) -> None:
        if not self._service.has_database(TEMPLATE):
            migrate(self._service.create_database(TEMPLATE))
        self._service.create_database(self._name, template=TEMPLATE)


class MigratedPostgreSQL(PostgreSQL):
    """A PostgreSQL whose data directory is a copy of one that has a migrated database to copy."""

    def start(self) -> None:
        if not self.data.exists():
            copy_template(f"postgresql-{self._version()}", self._make, self.data)
            if self.account:
                for folder, _, files in os.walk(self.data):
                    for name in ("", *files):
                        shutil.chown(Path(folder) / name, self.account.pw_uid, self.account.pw_gid)
        super().start()

    def _make(self, target: Path) -> None:
        with PostgreSQL() as service:
            migrate(service.create_database(TEMPLATE))
            service.stop()
            shutil.copytree(service.data, target)

    def _version(self) -> str:
        shown = subprocess.run([self._postgres, "--version"], capture_output=True, text=True, check=True)
        return shown.stdout.split()[2]  # "postgres (PostgreSQL) 15.6 (Debian …)"
