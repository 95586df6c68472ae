"""With a read-only PostgreSQL, such as a standby after a failover, writes are `unavailable` and the site is not
ready.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, connections
from django.test import RequestFactory

from chatsite.database.threads import run_in
from chatsite.errors import DomainError, as_domain_error
from chatsite.observability.health import readyz
from conversations import operations
from conversations.models import Conversation
from conversations.writing.group_commit import write_apart_if_needed
from conversations.writing.requests import Send
from tests.conversations.people import business, conversation, person

pytestmark = pytest.mark.django_db(transaction=True)

# SQLite's errors of a read-only file are those of a database that is lost.
if connection.vendor == "postgresql":

    @pytest.fixture
    def talk() -> Iterator[Conversation]:
        made = conversation(business(person()))
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = on")
        yield made
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]  # one of its connections may be read-only

    def test_sends_are_to_be_retried(talk: Conversation) -> None:
        sends = [Send(talk.pk, talk.customer_id, "hello"), Send(talk.pk, talk.customer_id, "again")]
        refused = write_apart_if_needed(sends)
        assert [one.code for one in refused if isinstance(one, DomainError)] == ["unavailable"] * 2

    def test_other_changes_are_to_be_retried(talk: Conversation) -> None:
        with pytest.raises(DatabaseError) as refusal:
            operations.archive_conversation(
                user_id=talk.customer_id, conversation_id=str(talk.pk), archived=True
            )
        assert as_domain_error(refusal.value).code == "unavailable"

    def archive(talk: Conversation) -> None:
        operations.archive_conversation(user_id=talk.customer_id, conversation_id=str(talk.pk), archived=True)

    def send(talk: Conversation) -> None:
        [outcome] = write_apart_if_needed([Send(talk.pk, talk.customer_id, "hello")])
        if isinstance(outcome, DomainError):
            raise outcome

    @pytest.mark.parametrize("change", [archive, send])
    def test_a_connection_to_it_is_replaced(
        talk: Conversation, change: Callable[[Conversation], None]
    ) -> None:
        """Read-only is a setting of the PostgreSQL session, so a new connection finds a primary."""

        def become_read_only() -> None:
            with connection.cursor() as cursor:
                cursor.execute("SET default_transaction_read_only = on")

        async def main() -> None:
            with ThreadPoolExecutor(1) as thread:
                await run_in(thread, become_read_only)
                with pytest.raises((DatabaseError, DomainError)):
                    await run_in(thread, partial(change, talk))
                try:
                    await run_in(thread, partial(change, talk))
                finally:
                    await run_in(thread, connections.close_all)

        asyncio.run(main())

    def test_a_probe_looks_for_the_primary_again(talk: Conversation) -> None:
        assert readyz(RequestFactory().get("/readyz")).status_code == 503
        assert readyz(RequestFactory().get("/readyz")).status_code == 200

    def test_the_process_is_not_ready(talk: Conversation) -> None:
        assert readyz(RequestFactory().get("/readyz")).status_code == 503


@pytest.mark.sqlite_only
def test_a_process_whose_file_is_read_only_is_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "chat.sqlite3"
    file.touch()
    monkeypatch.setitem(connection.settings_dict, "NAME", str(file))
    # No file is read-only for root, and containers run tests as root.
    monkeypatch.setattr(os, "access", lambda path, mode: (str(path), mode) != (str(file), os.W_OK))
    answer = readyz(RequestFactory().get("/readyz"))
    assert (answer.status_code, b'"database": "read-only"' in answer.content) == (503, True)


def test_a_database_that_takes_writes_is_ready() -> None:
    assert readyz(RequestFactory().get("/readyz")).status_code == 200
