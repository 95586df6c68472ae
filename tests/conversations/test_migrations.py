"""The migrations lead there, back, and there again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.harness.backend import base_environment
from tests.harness.services import PostgreSQL

ROOT = Path(__file__).parents[2]


def manage(database: str, *arguments: str) -> str:
    run = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**base_environment(), "DATABASE_URL": database, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def there_and_back(database: str) -> None:
    manage(database, "migrate", "--verbosity", "0")
    back = manage(database, "migrate", "conversations", "zero")
    assert "Unapplying conversations.0001_initial... OK" in back
    assert "Applying conversations.0001_initial... OK" in manage(database, "migrate")
    manage(database, "demo", "--force")


def test_on_sqlite(tmp_path: Path) -> None:
    there_and_back(f"sqlite:///{tmp_path / 'chat.sqlite3'}")


def test_on_postgresql(postgres: PostgreSQL) -> None:
    there_and_back(postgres.create_database("there_and_back"))


def test_no_model_waits_for_a_migration(tmp_path: Path) -> None:
    manage(
        f"sqlite:///{tmp_path / 'chat.sqlite3'}", "makemigrations", "--check", "--dry-run", "conversations"
    )
