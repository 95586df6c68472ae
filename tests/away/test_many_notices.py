"""However many notices there are, the recurring jobs end what is due, and read only that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications.delivery import jobs
from notifications.delivery.models import Channel, Notice, PushSubscription
from notifications.delivery.notices import KEPT
from notifications.delivery.push import withdrawals
from tests.away.conftest import Shop
from tests.away.post_office import PushService

FORMER_LIMIT = 10_000  # that an hour deleted, however many were made in it


def make_notices(user: User, number: int, **columns: object) -> None:
    given = {"channel": Channel.EMAIL, "state": Notice.State.SKIPPED, "reason": "off", **columns}
    Notice.objects.bulk_create([Notice(user=user, **given) for _ in range(number)], batch_size=1000)


def test_one_run_deletes_all_that_are_too_many(shop: Shop) -> None:
    make_notices(shop.carol, FORMER_LIMIT + KEPT + 1)
    jobs.prune_notices.func()
    assert Notice.objects.filter(user=shop.carol).count() == KEPT


def test_nobody_is_left_out(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "PEOPLE", 2)
    monkeypatch.setattr(jobs, "BATCH", 2)
    people = [shop.carol, shop.amir, shop.olivia, shop.person("dora"), shop.person("emil")]
    for extra, user in enumerate(people):
        make_notices(user, KEPT + extra)
        newest = Notice.objects.create(user=user, channel=Channel.EMAIL, state="sent", reason="sent")
        Notice.objects.create(user=user, channel=Channel.EMAIL)
        jobs.prune_notices.func()
        assert Notice.objects.filter(pk=newest.pk).exists()
    for user in people:
        assert Notice.objects.filter(user=user).exclude(state="pending").count() == KEPT
        assert Notice.objects.filter(user=user, state="pending").count() == 1


def test_one_look_withdraws_all_pushes_that_were_read(
    shop: Shop, push_service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(withdrawals, "BATCH", 2)
    for number in range(5):
        shop.subscribed(shop.carol, push_service, f"browser-{number}")
    shop.say(shop.amir, "Hello")
    shop.pass_seconds(11)
    shown = Notice.objects.filter(state="sent", withdrawn_at=None)
    assert shown.count() == 5
    shop.read(shop.carol)
    jobs.look_at_escalations.func()
    assert not shown.exists()


# SQLite counts no rows before it chooses an index.
if connection.vendor == "postgresql":

    @pytest.mark.parametrize(
        ("run", "index"),
        [
            (lambda: withdrawals.withdraw_read_pushes(timezone.now()), "notice_push_shown_since"),
            (jobs.end_lost_notices.func, "notice_pending_since"),
        ],
    )
    def test_a_frequent_query_reads_an_index_of_few(
        shop: Shop, run: Callable[[], object], index: str
    ) -> None:
        """Most pushes that are sent are never withdrawn, and most notices have ended."""
        device = PushSubscription.objects.create(user=shop.carol, endpoint_digest=str(uuid4()))
        pushes = {"channel": Channel.PUSH, "state": "sent", "reason": "sent", "subscription": device}
        long_ago = timezone.now() - timedelta(days=9)
        make_notices(shop.carol, 5000, conversation=shop.conversation, created_at=long_ago, **pushes)
        make_notices(shop.carol, 5, conversation=shop.conversation, **pushes)
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {Notice._meta.db_table}")
            with CaptureQueriesContext(connection) as queries:
                run()
            plans = []
            for query in queries:
                if not query["sql"].startswith("SAVEPOINT") and Notice._meta.db_table in query["sql"]:
                    cursor.execute(f"EXPLAIN {query['sql']}")
                    plans.append(str(cursor.fetchall()))
        assert index in plans[0]
        assert not [plan for plan in plans if f"Seq Scan on {Notice._meta.db_table}" in plan]
