"""PostgreSQL keeps the statements of messages parsed, and nobody notices when it loses them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from chatsite.database import prepared
from chatsite.database.pipeline import ask, ask_rows, pipelined, tell
from conversations.models import Business

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "SELECT name FROM conversations_business WHERE slug = %s"
RENAME = "UPDATE conversations_business SET name = %s WHERE slug = %s"


def read_name() -> list[tuple[Any, ...]]:
    with transaction.atomic(), pipelined():
        return ask(NAME, ["bakery"])()


def rename_and_read() -> None:
    Business.objects.update(name="Bread")
    ask(NAME, ["bakery"])()


def insert_half_and_rename() -> None:
    tell("INSERT INTO conversations_business (id) VALUES (gen_random_uuid())", [])
    tell(RENAME, ["Bread", "bakery"])


if connection.vendor == "postgresql":

    @pytest.fixture(autouse=True)
    def new_connection() -> Iterator[None]:
        """Begin and end with a connection that has prepared nothing."""
        connect_anew()
        Business.objects.create(name="Bakery", slug="bakery")
        yield
        connect_anew()

    def connect_anew() -> None:
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]  # its stub lacks the pool

    def known_statements() -> list[tuple[str, int]]:
        """The prepared statements of the connection, and how often each has run."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements")
            return list(cursor.fetchall())

    def test_a_statement_is_prepared_once() -> None:
        with transaction.atomic(), pipelined():
            answers = [ask(NAME, [slug]) for slug in ("bakery", "mill", "bakery")]
            assert [read() for read in answers] == [[("Bakery",)], [], [("Bakery",)]]
        assert read_name() == [("Bakery",)]
        assert known_statements() == [(NAME.replace("%s", "$1"), 4)]

    def test_a_statement_is_planned_anew_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(prepared, "PLAN_SECONDS", 0.0)
        for _ in range(8):
            assert read_name() == [("Bakery",)]
        assert known_statements() == [(NAME.replace("%s", "$1"), 1)]

    def test_queries_of_varying_text_are_not_kept() -> None:
        with transaction.atomic(), pipelined():
            assert ask_rows(Business.objects.values_list("name"))() == [("Bakery",)]
        assert known_statements() == []

    def test_a_statement_after_an_error_is_prepared_later() -> None:
        with pytest.raises(IntegrityError), transaction.atomic(), pipelined():
            insert_half_and_rename()
        with transaction.atomic(), pipelined():
            tell(RENAME, ["Cakes", "bakery"])
        assert read_name() == [("Cakes",)]
        assert RENAME.replace("%s", "$1", 1).replace("%s", "$2") in [text for text, _ in known_statements()]

    def lose_statements() -> None:
        """As a pooler does, which gives the next transaction another session."""
        with connection.cursor() as cursor:
            cursor.execute("DEALLOCATE ALL")

    def prepare_behind_the_back() -> None:
        """As a pooler does, in whose session another process has prepared the same statement."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT name FROM pg_prepared_statements")
            ((name,),) = cursor.fetchall()
        connect_anew()
        with connection.cursor() as cursor:
            cursor.execute(f"PREPARE {name} (text) AS {NAME.replace('%s', '$1')}")

    def change_the_type() -> None:
        """As a migration does, while the process runs."""
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE conversations_business ALTER COLUMN name TYPE text")

    @pytest.fixture
    def original_type() -> Iterator[None]:
        yield
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE conversations_business ALTER COLUMN name TYPE varchar(200)")

    @pytest.mark.usefixtures("original_type")
    @pytest.mark.parametrize("disturb", [lose_statements, prepare_behind_the_back, change_the_type])
    def test_a_lost_statement_runs_unprepared(disturb: Any, caplog: pytest.LogCaptureFixture) -> None:
        assert read_name() == [("Bakery",)]
        disturb()
        for _ in range(2):
            assert read_name() == [("Bakery",)]
        assert [record.getMessage() for record in caplog.records if record.name == prepared.__name__]

    def test_a_lost_statement_in_the_middle_of_a_transaction_fails_it() -> None:
        read_name()
        lose_statements()
        with pytest.raises(OperationalError), transaction.atomic(), pipelined():
            rename_and_read()
        assert read_name() == [("Bakery",)]  # nothing was renamed

    def test_nothing_is_prepared_behind_a_pooler(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
        assert read_name() == [("Bakery",)]
        assert known_statements() == []
