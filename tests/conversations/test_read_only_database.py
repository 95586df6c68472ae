"""A PostgreSQL that takes no writes, such as a standby after a failover: `unavailable`, and not ready."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection
from django.test import RequestFactory

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
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = off")

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

    def test_the_process_is_not_ready(talk: Conversation) -> None:
        assert readyz(RequestFactory().get("/readyz")).status_code == 503


def test_a_database_that_takes_writes_is_ready() -> None:
    assert readyz(RequestFactory().get("/readyz")).status_code == 200
