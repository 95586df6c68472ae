"""A site with people, an old table beside it, and the import command."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import pytest
from django.core.management import call_command
from django.db import connection

from tests.client_js.conftest import packages, start_client  # noqa: F401  clients that have a page open
from tests.client_python.conftest import connect  # noqa: F401
from tests.conftest import flavours
from tests.harness.databases import Database, PostgreSQLDatabase, SQLiteDatabase
from tests.harness.services import PostgreSQL
from tests.legacy.generator import World
from tests.legacy.oldtable import OldTable
from tests.legacy.site import Site

Run: TypeAlias = Callable[..., str]


@pytest.fixture
def world(transactional_db: None) -> World:
    """Forty customers of five businesses."""
    return World.make(customers=40, businesses=5)


@pytest.fixture
def old(world: World) -> Iterator[OldTable]:
    """An empty old table in the site's database."""
    table = OldTable(connection)
    yield table
    table.drop()


@pytest.fixture
def rejects(tmp_path: Path) -> Path:
    return tmp_path / "rejects.jsonl"


@pytest.fixture
def run(rejects: Path) -> Run:
    """Run the command with these options, and return its output."""

    def command(*options: str) -> str:
        out = io.StringIO()
        call_command(
            "import_legacy_messages", "--rejects", str(rejects), *options, stdout=out, stderr=io.StringIO()
        )
        return out.getvalue()

    return command


@pytest.fixture(params=flavours())
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """A site on a database of its own."""
    if request.param == "embedded":
        database: Database = SQLiteDatabase(tmp_path / "chat.sqlite3")
    else:
        postgres: PostgreSQL = request.getfixturevalue("postgres")
        database = PostgreSQLDatabase(postgres, "killed_import")
    with closing(Site(database, tmp_path)) as made:
        yield made
