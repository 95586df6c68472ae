"""Batches that share conversations wait for each other without deadlocks."""

from __future__ import annotations

import threading
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from conversations.models import Conversation
from conversations.writing.conversation_sql import lock_conversations
from tests.conversations.people import business, person

ROUNDS = 12
CONVERSATIONS = 150


def shared_conversations() -> list[UUID]:
    """Return conversations for which a scan and an index find the rows in opposite orders.

    The first one in the table has the last id and the last customer.
    """
    shop = business(person())
    customers = [person() for _ in range(CONVERSATIONS)]
    keys = sorted((uuid4() for _ in customers), reverse=True)
    for key, customer in zip(keys, reversed(customers), strict=True):
        Conversation.objects.create(pk=key, business=shop, customer=customer)
    return keys


def lock_all(keys: list[UUID], plan: str, meet: threading.Barrier, failures: list[str]) -> None:
    try:
        for _ in range(ROUNDS):
            meet.wait(30)
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute(plan)
                assert len(lock_conversations(keys)) == CONVERSATIONS
    except (DatabaseError, threading.BrokenBarrierError) as error:
        failures.append(str(error))
        meet.abort()
    finally:
        connection.close()


# SQLite has one lock for everything.
if connection.vendor == "postgresql":

    @pytest.mark.django_db(transaction=True)
    def test_locks_do_not_depend_on_the_query_order() -> None:
        keys = shared_conversations()
        meet, failures = threading.Barrier(2), list[str]()
        plans = (
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_hashjoin = off",
            "SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_mergejoin = off",
        )
        threads = [threading.Thread(target=lock_all, args=(keys, plan, meet, failures)) for plan in plans]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
