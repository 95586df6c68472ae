"""Statements of a block are sent together, in their order, and as safely as Django sends them one by one."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from django.contrib.auth import get_user_model
from django.db import DataError, IntegrityError, InternalError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from psycopg.pq import TransactionStatus

from chatsite.database import pipeline, round_trip
from chatsite.database.pipeline import ask, ask_rows, commit, flush, pipelined, tell
from chatsite.database.threads import drop_broken_connections
from conversations.models import Business
from tests.conversations.people import conversation

pytestmark = pytest.mark.django_db(transaction=True)

RENAME = "UPDATE conversations_business SET name = %s WHERE slug = %s"
NAME = "SELECT name FROM conversations_business WHERE slug = %s"


@pytest.fixture
def bakery() -> Business:
    return Business.objects.create(name="Bakery", slug="bakery")


@pytest.fixture
def mill() -> Business:
    return Business.objects.create(name="Mill", slug="mill")


def stored_name() -> str:
    return Business.objects.get(slug="bakery").name


class Interrupted(Exception):
    """Leaves a block."""


def rename_in_vain(name: str, *, sent: bool = False) -> None:
    tell(RENAME, [name, "bakery"])
    if sent:
        flush()
    raise Interrupted


def test_what_is_read_includes_what_was_written_before(bakery: Business) -> None:
    with transaction.atomic(), pipelined():
        tell(RENAME, ["Bread", "bakery"])
        first = ask(NAME, ["bakery"])
        tell(RENAME, ["Cakes", "bakery"])
        second = ask_rows(Business.objects.filter(pk=bakery.pk).values_list("name"))
        assert first() == [("Bread",)]
        assert second() == [("Cakes",)]
    assert stored_name() == "Cakes"


def test_statements_of_the_orm_come_in_their_turn(bakery: Business) -> None:
    with transaction.atomic(), pipelined():
        tell(RENAME, ["Bread", "bakery"])
        assert stored_name() == "Bread"
        Business.objects.filter(pk=bakery.pk).update(name="Cakes")
        tell("UPDATE conversations_business SET name = name || %s WHERE slug LIKE 'bak%%'", [" & Co"])
    assert stored_name() == "Cakes & Co"


def test_an_exception_leaves_nothing_behind(bakery: Business) -> None:
    with pytest.raises(Interrupted), transaction.atomic(), pipelined():
        rename_in_vain("Bread")
    assert stored_name() == "Bakery"


def test_a_savepoint_takes_back_its_own_statements(bakery: Business) -> None:
    with transaction.atomic(), pipelined():
        tell(RENAME, ["Bread", "bakery"])
        with pytest.raises(Interrupted), transaction.atomic():
            rename_in_vain("Cakes")
    assert stored_name() == "Bread"


def take_the_slug_of_the_mill() -> None:
    tell(RENAME, ["Bread", "bakery"])
    tell("UPDATE conversations_business SET slug = %s WHERE slug = %s", ["mill", "bakery"])
    tell(RENAME, ["Cakes", "bakery"])


def test_the_first_error_is_raised_and_the_connection_stays(bakery: Business, mill: Business) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), pipelined():
        take_the_slug_of_the_mill()
    assert stored_name() == "Bakery"
    with transaction.atomic(), pipelined():
        tell(RENAME, ["Cakes", "bakery"])
    assert stored_name() == "Cakes"


def test_every_statement_is_in_the_log_of_queries(bakery: Business) -> None:
    with transaction.atomic(), CaptureQueriesContext(connection) as captured, pipelined():
        tell(RENAME, ["Bread", "bakery"])
        ask(NAME, ["bakery"])()
    assert [one["sql"].split()[0] for one in captured] == ["UPDATE", "SELECT"]


if connection.vendor == "postgresql":

    def test_the_database_is_waited_for_once(bakery: Business, monkeypatch: pytest.MonkeyPatch) -> None:
        rounds: list[int] = []

        def run_together(asked: list[round_trip.Asked]) -> None:
            rounds.append(len(asked))
            round_trip.run_together(asked)

        monkeypatch.setattr("chatsite.database.pipeline.run_together", run_together)
        with transaction.atomic(), pipelined():
            answers = [ask(NAME, ["bakery"]) for _ in range(5)]
            assert [read() for read in answers] == [[("Bakery",)]] * 5
            tell(RENAME, ["Bread", "bakery"])
        assert rounds == [5, 1]

    def test_megabytes_both_ways_do_not_block() -> None:
        text = "x" * 4_000_000
        with transaction.atomic(), pipelined():
            answers = [ask("SELECT %s || %s::text", [text, number]) for number in range(6)]
            assert [read()[0][0] for read in answers] == [f"{text}{number}" for number in range(6)]

    def test_outside_a_transaction_each_group_commits(bakery: Business) -> None:
        with pytest.raises(Interrupted), pipelined():
            rename_in_vain("Bread", sent=True)
        assert stored_name() == "Bread"

    def test_a_connection_that_is_cut_in_the_middle(bakery: Business) -> None:
        def cut(backend: int) -> None:
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_sleep(0.3), pg_terminate_backend(%s)", [backend])
            finally:
                connection.close()

        (((backend,),),) = [ask("SELECT pg_backend_pid()", [])()]
        cutter = threading.Thread(target=cut, args=[backend])
        cutter.start()
        with pytest.raises(OperationalError), transaction.atomic(), pipelined():
            ask(f"WITH renamed AS ({RENAME}) SELECT pg_sleep(20)", ["Bread", "bakery"])()
        cutter.join()
        drop_broken_connections(has_failed=True)
        assert stored_name() == "Bakery"

    @pytest.mark.parametrize("text", ["\x00", "\ud800"])
    def test_a_value_that_cannot_be_sent_leaves_the_connection(bakery: Business, text: str) -> None:
        with transaction.atomic(), pipelined():
            with pytest.raises((DataError, UnicodeEncodeError)):
                ask(NAME, [text])()
            assert ask(NAME, ["bakery"])() == [("Bakery",)]

    def test_a_transaction_begins_as_the_project_has_set_it(bakery: Business) -> None:
        connection.connection.read_only = True
        try:
            with pytest.raises(InternalError, match="read-only"), transaction.atomic(), pipelined():
                tell(RENAME, ["Bread", "bakery"])
        finally:
            connection.connection.read_only = None
        with transaction.atomic(), pipelined():
            tell(RENAME, ["Cakes", "bakery"])
        assert stored_name() == "Cakes"

    def test_the_end_of_an_inner_block_sends_what_waits(bakery: Business) -> None:
        with pipelined():
            with transaction.atomic(), pipelined():
                tell(RENAME, ["Bread", "bakery"])
            assert connection.connection.info.transaction_status == TransactionStatus.IDLE
            assert stored_name() == "Bread"

    def test_the_last_statements_and_the_commit_go_together(
        bakery: Business, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent: list[list[str]] = []

        def run(asked: Sequence[round_trip.Asked]) -> None:
            sent.append([one.sql for one in asked])
            round_trip.run_together(asked)

        monkeypatch.setattr(pipeline, "run_together", run)
        with transaction.atomic(), pipelined():
            assert ask(NAME, ["bakery"])() == [("Bakery",)]
            tell(RENAME, ["Bread", "bakery"])
            commit()
            assert connection.connection.info.transaction_status == TransactionStatus.IDLE
        assert sent == [[NAME], [RENAME, "COMMIT"]]
        assert stored_name() == "Bread"

    def test_without_waiting_statements_django_commits(bakery: Business) -> None:
        with transaction.atomic(), pipelined():
            Business.objects.filter(pk=bakery.pk).update(name="Bread")
            commit()
            assert connection.connection.info.transaction_status == TransactionStatus.INTRANS
        assert stored_name() == "Bread"

    def take_the_slug_of_the_mill_and_commit(told: list[str]) -> None:
        transaction.on_commit(lambda: told.append("committed"))
        take_the_slug_of_the_mill()
        commit()

    def test_an_error_before_the_commit_takes_everything_back(bakery: Business, mill: Business) -> None:
        told: list[str] = []
        with pytest.raises(IntegrityError), transaction.atomic(), pipelined():
            take_the_slug_of_the_mill_and_commit(told)
        assert stored_name() == "Bakery"
        assert told == []

    def belong_to_no_business_and_commit() -> None:
        tell(RENAME, ["Bread", "bakery"])
        # The foreign key is deferred, so PostgreSQL checks it at the COMMIT.
        tell("UPDATE conversations_conversation SET business_id = gen_random_uuid()", [])
        commit()

    def test_an_error_of_the_commit_itself_takes_everything_back(bakery: Business) -> None:
        conversation(bakery)
        with pytest.raises(IntegrityError), transaction.atomic(), pipelined():
            belong_to_no_business_and_commit()
        assert stored_name() == "Bakery"
        with transaction.atomic(), pipelined():
            tell(RENAME, ["Cakes", "bakery"])
            commit()
        assert stored_name() == "Cakes"

    def test_parameters_of_every_kind(bakery: Business) -> None:
        user = get_user_model().objects.create(username="100%")
        with pipelined():
            rows = ask(
                "SELECT %s::uuid = id, %s::timestamptz = created_at, %s::bool, %s::int[], %s::text "
                "FROM conversations_business WHERE id = %s",
                [bakery.pk, bakery.created_at, True, [1, 2], None, bakery.pk],
            )
            names = ask_rows(get_user_model().objects.filter(username="100%").values_list("pk", "username"))
            assert rows() == [(True, True, True, [1, 2], None)]
            assert names() == [(user.pk, "100%")]
