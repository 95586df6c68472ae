"""The databases of deployments.

Only the first of a test process runs migrations; later ones are copies, which is faster.
"""

from __future__ import annotations

import atexit
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import ClassVar, Protocol

from tests.harness.services import PostgreSQL

TEMPLATE = "chat_template"


class Database(Protocol):
    @property
    def url(self) -> str: ...

    def is_copied(self) -> bool:
        """Fill the database from the template, and return whether there is one."""

    def keep_as_template(self) -> None:
        """Keep a copy of the database for later ones. Nobody may be connected to it."""


class SQLiteDatabase:
    _template: ClassVar[Path | None] = None

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def url(self) -> str:
        return f"sqlite:///{self._path}"

    def is_copied(self) -> bool:
        if self._template is not None:
            shutil.copyfile(self._template, self._path)
        return self._template is not None

    def keep_as_template(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="chat-template-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        template = folder / "chat.sqlite3"
        with closing(sqlite3.connect(self._path)) as source, closing(sqlite3.connect(template)) as target:
            source.backup(target)
        SQLiteDatabase._template = template


class PostgreSQLDatabase:
    def __init__(self, service: PostgreSQL, name: str) -> None:
        self._service = service
        self._name = name
        self.url = service.create_database(name)

    def is_copied(self) -> bool:
        if self._service.has_database(TEMPLATE):
            self._service.create_database(self._name, template=TEMPLATE)
            return True
        return False

    def keep_as_template(self) -> None:
        self._service.create_database(TEMPLATE, template=self._name)
