"""The migrations run forward, backward, and forward again."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.harness.backend import base_environment
from tests.harness.databases import Database, PostgreSQLDatabase, SQLiteDatabase
from tests.harness.processes import NewProcesses
from tests.harness.services import PostgreSQL
from tests.harness.shell import Shell


def there_and_back(database: Database) -> None:
    database.fill()  # the migrations have led there
    with closing(Shell(NewProcesses({**base_environment(), "DATABASE_URL": database.url}))) as shell:
        back = shell.command("migrate", "conversations", "zero")
        assert "Unapplying conversations.0001_initial... OK" in back
        assert "Applying conversations.0001_initial... OK" in shell.command("migrate")
        shell.command("demo", "--force")


@pytest.mark.standalone
def test_on_sqlite(tmp_path: Path) -> None:
    there_and_back(SQLiteDatabase(tmp_path / "chat.sqlite3"))


def test_on_postgresql(postgres: PostgreSQL) -> None:
    there_and_back(PostgreSQLDatabase(postgres, "there_and_back"))


@pytest.mark.standalone
def test_no_model_waits_for_a_migration(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'chat.sqlite3'}"
    with closing(Shell(NewProcesses({**base_environment(), "DATABASE_URL": database}))) as shell:
        shell.command("makemigrations", "--check", "--dry-run")
