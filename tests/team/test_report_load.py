"""The messages of each hour of the day are counted by the database, and no report reads without a bound."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chatsite.errors import DomainError
from conversations.models import ChatMessage, Conversation
from conversations.team.hours.models import BusinessHours
from conversations.team.reports import load
from tests.conversations.people import conversation, person
from tests.team.test_reports import MONDAY, Shop, tell

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"])
def test_the_hours_are_those_on_the_wall_on_both_sides_of_a_change_of_the_clock(zone: str) -> None:
    shop, customer = Shop(), person()
    BusinessHours.objects.update(timezone=zone)
    where = conversation(shop.shop, customer)
    tell(where, customer, MONDAY)
    first = ChatMessage.objects.get()
    begin = datetime(2026, 10, 1, tzinfo=UTC)
    times = [begin + timedelta(hours=7 * n, minutes=13 * n, microseconds=n) for n in range(1, 100)]
    copies = [
        ChatMessage(conversation=where, sender=customer, sender_side="customer", content="x") for _ in times
    ]
    for seq, (copy, at) in enumerate(zip(copies, times, strict=True), first.seq + 1):
        copy.seq = copy.rev = seq
        copy.created_at = at
    ChatMessage.objects.bulk_create(copies)
    rows = load.load_rows(shop.shop.pk, begin, begin + timedelta(days=28), ZoneInfo(zone))
    counted = {int(row.key or "0"): row.values["customerMessages"] for row in rows}
    walls = [at.astimezone(ZoneInfo(zone)).hour for at in times if at < begin + timedelta(days=28)]
    assert counted == {hour: walls.count(hour) for hour in range(24)}


def test_the_database_adds_up_the_messages() -> None:
    shop, customer = Shop(), person()
    where = conversation(shop.shop, customer)
    for minute in range(10):
        tell(where, customer, MONDAY + timedelta(minutes=minute))
    with CaptureQueriesContext(connection) as queries:
        shop.report("load")
    [sql] = [query["sql"] for query in queries if "GROUP BY" in query["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(sql)
        assert len(cursor.fetchall()) == 1


def test_a_report_that_would_read_too_many_messages_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    shop, customer = Shop(), person()
    where = conversation(shop.shop, customer)
    for _ in range(3):
        tell(where, customer, MONDAY)
    monkeypatch.setattr(load, "MOST_MESSAGES", 3)
    assert shop.report("load").rows
    monkeypatch.setattr(load, "MOST_MESSAGES", 2)
    with pytest.raises(DomainError) as caught:
        shop.report("load")
    assert caught.value.code == "too_large"
    assert caught.value.details == {"field": "from", "limit": 2}
    Conversation.objects.update(active_at=MONDAY - timedelta(days=30))
    assert shop.report("load").rows  # it reads no conversation that was quiet since then
